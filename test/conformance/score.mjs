/**
 * @typedef {{ id: string, kind?: string, depends_on?: string[] }} Test
 * @typedef {true | [name: string, message: string]} Result
 */

/** The suite asks these of every cache, and those of a good one; its third kind, `check`, only asks how it is. */
export const KINDS = { required: 'required', optimal: 'optional' };

/** What the suite says where an answer was reused that must not be. */
const REUSED = /comes from cache|unexpected header server-request-count/i;

/**
 * Sums up what the suite found. A test counts as passed where those that it depends on have passed too.
 *
 * @param {Test[]} tests
 * @param {Record<string, Result>} results by the id of the test; a test that is not in it was not meant for this client
 */
export function score(tests, results) {
  const byId = new Map(tests.map((test) => [test.id, test]));
  /** @type {(id: string) => string | undefined} the first test that it depends on and that failed */
  const blamed = (id) =>
    byId.get(id)?.depends_on?.find((other) => results[other] !== true || blamed(other) !== undefined);
  const sum = (/** @type {string} */ kind) => {
    const counted = tests.filter((test) => (test.kind ?? 'required') === kind && test.id in results);
    const failures = counted
      .filter(({ id }) => results[id] !== true || blamed(id) !== undefined)
      .map(({ id }) => ({ id, reason: reasonOf(results[id], blamed(id)), isReuse: isReuse(results[id]) }));
    return { passed: counted.length - failures.length, total: counted.length, failures };
  };
  return { required: sum('required'), optimal: sum('optimal') };
}

function isReuse(/** @type {Result | undefined} */ result) {
  return Array.isArray(result) && REUSED.test(result[1]);
}

function reasonOf(/** @type {Result | undefined} */ result, /** @type {string | undefined} */ blamed) {
  if (blamed !== undefined) return `depends on ${blamed}`;
  return Array.isArray(result) ? `${result[0]}: ${result[1]}` : '';
}
