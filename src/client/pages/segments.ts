/**
 * A run of items of a list: what one page holds. The database counts in pages, `pageIndex × pageSize`, so the offset of
 * a segment is always a multiple of its size.
 */
export interface Segment {
  readonly offset: number;
  /** The page size; the list may end before. */
  readonly size: number;
}

/** What the database calls a segment. */
export function toPageInfo({ offset, size }: Segment): { pageIndex: number; pageSize: number } {
  return { pageIndex: offset / size, pageSize: size };
}

/**
 * Returns the segment at an offset.
 *
 * @param size - the page size, which divides the offset
 * @param end - where the caller's limit ends; the last segment is not larger than needed
 */
export function segmentAt(offset: number, size: number, end: number): Segment {
  let smallest = Math.min(end - offset, size);
  while (offset % smallest !== 0) smallest += 1;
  return { offset, size: smallest };
}

/** Splits a segment into as few equal ones as possible; undefined where it has only one item. */
export function split({ offset, size }: Segment): Segment[] | undefined {
  if (size === 1) return undefined;
  const parts = smallestFactor(size);
  const part = size / parts;
  return Array.from({ length: parts }, (_, index) => ({ offset: offset + index * part, size: part }));
}

/** Makes a page size smaller, as {@link split} does, until it is at most `most`. */
export function shrink(size: number, most: number): number {
  let smaller = size;
  while (smaller > most) smaller /= smallestFactor(smaller);
  return smaller;
}

function smallestFactor(size: number): number {
  for (let factor = 2; factor * factor <= size; factor += 1) if (size % factor === 0) return factor;
  return size;
}
