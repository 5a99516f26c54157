/** The most names that are suggested. */
const MOST = 6;
/** The fewest characters that are looked for within names. */
const SHORTEST_PART = 4;
/** The most names that are listed where none is similar. */
const MOST_LISTED = 20;

/** Says which of the known names may be meant, or which there are: the end of a sentence, which may be empty. */
export function suggest(name: string, known: readonly string[]): string {
  const similar = similarNames(name, known);
  if (similar.length > 0) return `; is it ${similar.join(', ')}?`;
  if (known.length === 0) return '; there are none';
  return known.length > MOST_LISTED ? '' : `; there are ${known.join(', ')}`;
}

/**
 * Returns the names that a name may be meant for: those that differ in case and separators alone or begin with it, else those
 * that contain it, where it has four or more characters, else the nearest ones, if they differ in one character, or in two
 * where the name has six or more.
 */
export function similarNames(name: string, known: readonly string[]): string[] {
  const plain = (text: string): string => text.replaceAll(/[_-]/g, '').toLowerCase();
  const wanted = plain(name);
  const longer = known.filter((other) => plain(other).startsWith(wanted));
  if (wanted === '' || longer.length > 0) return longer;
  const containing = known.filter((other) => plain(other).includes(wanted)).slice(0, MOST);
  if (wanted.length >= SHORTEST_PART && containing.length > 0) return containing;
  const most = wanted.length < 6 ? 1 : 2;
  const distances = new Map(known.map((other) => [other, distanceOf(wanted, plain(other), most)]));
  const least = Math.min(most, ...distances.values());
  return known.filter((other) => distances.get(other) === least).slice(0, MOST);
}

/** Returns how many characters must be added, removed, replaced or swapped with the next one; more than `most` is not counted. */
function distanceOf(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) > most) return Infinity;
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const [before, last] = [rows[row - 2], rows[row - 1] as number[]];
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isEqual = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column - 1] as number) + (isEqual ? 0 : 1),
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        isSwapped && before !== undefined ? (before[column - 2] as number) + 1 : Infinity,
      );
    }
    rows.push(current);
  }
  return rows[from.length]?.[to.length] ?? Infinity;
}
