import type { UserLike } from '../../src/index.js';

/** The user of a unit test: counts how often it is asked. */
export class MockUser implements UserLike {
  readonly bearer: string;
  authentications = 0;

  constructor(bearer = 'mock-bearer-of-a-test') {
    this.bearer = bearer;
  }

  authenticate(): boolean {
    this.authentications += 1;
    return true;
  }
}
