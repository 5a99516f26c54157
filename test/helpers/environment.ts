import { afterEach, beforeEach } from 'vitest';

const CONCERNED = /^(?:\w+_proxy|request_method)$/i;

/** Removes what the environment says of proxies before each test, and restores it afterwards. */
export function withoutProxyVariables(): void {
  let saved: [string, string | undefined][] = [];
  const remove = (): void => {
    for (const name of Object.keys(process.env)) if (CONCERNED.test(name)) delete process.env[name];
  };
  beforeEach(() => {
    saved = Object.entries(process.env).filter(([name]) => CONCERNED.test(name));
    remove();
  });
  afterEach(() => {
    remove();
    for (const [name, value] of saved) process.env[name] = value;
  });
}
