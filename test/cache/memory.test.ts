import { describe, expect, it } from 'vitest';
import { Memory } from '../../src/cache/memory.js';

describe('the memory in front of a store', () => {
  const newMemory = (): Memory<string> => new Memory(16, ({ length }) => length);

  it('forgets what was not used for longest when there is too much', () => {
    const memory = newMemory();
    for (const key of 'abcdefgh') memory.set(key, '12');
    memory.get('a');
    memory.set('i', '12');
    expect([...'abcdefghi'].filter((key) => memory.get(key) === undefined)).toEqual(['b']);
  });

  it('does not take what would drive out much else', () => {
    const memory = newMemory();
    memory.set('a', '12');
    memory.set('b', '123');
    expect([memory.get('a'), memory.get('b')]).toEqual(['12', undefined]);
  });

  it('counts what is replaced, forgotten and cleared no more', () => {
    const memory = newMemory();
    for (let time = 0; time < 20; time++) memory.set('a', '12');
    memory.set('b', '12');
    memory.delete('b');
    for (const key of 'bcdefgh') memory.set(key, '12');
    expect(memory.get('a')).toBe('12');
    memory.clear();
    for (const key of 'abcdefgh') memory.set(key, '12');
    expect(memory.get('a')).toBe('12');
  });
});
