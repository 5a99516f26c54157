import { rememberLast } from '../../util/memoize.js';

/** Makes one of something for each server, when its first URL comes. */
export function byOrigin<Thing>(create: () => Thing): (url: string) => Thing {
  const things = new Map<string, Thing>();
  return rememberLast((url) => {
    const { origin } = new URL(url);
    const thing = things.get(origin) ?? create();
    things.set(origin, thing);
    return thing;
  });
}
