import { describe, expect, it } from 'vitest';
import { YamlSource } from './yaml-source.js';

const at = (source: YamlSource, path: (string | number)[], on?: 'key' | 'value'): string => {
  const { line, column } = source.place(path, on);
  return `${line}:${column}`;
};

describe('YamlSource', () => {
  const source = new YamlSource('a:\n  b: [10, 20]\n  c: "x y"\nd: &anchor { e: 1 }\nf: *anchor\ng: { <<: *anchor, h: 2 }\n', 'x.yaml');

  it('reads values, through aliases and merge keys', () => {
    expect(source.errors).toEqual([]);
    expect(source.value).toEqual({ a: { b: [10, 20], c: 'x y' }, d: { e: 1 }, f: { e: 1 }, g: { e: 1, h: 2 } });
  });
  it('places keys and values', () => {
    expect(at(source, ['a', 'b'], 'key')).toBe('2:3');
    expect(at(source, ['a', 'b'])).toBe('2:6');
    expect(at(source, ['a', 'b', 1])).toBe('2:11');
  });
  it('places what came by an alias where it was written', () => {
    expect(at(source, ['f'])).toBe('4:12');
    expect(at(source, ['f'], 'key')).toBe('5:1');
    expect(at(source, ['f', 'e'])).toBe('4:17');
    expect(at(source, ['g', 'e'])).toBe('4:17');
    expect(at(source, ['g', 'h'])).toBe('6:22');
  });
  it('takes an alias for the last anchor of that name above it', () => {
    const twice = new YamlSource('a: &x { n: 1 }\nb: *x\nc: &x { n: 2 }\nd: *x\n', 'x.yaml');
    expect(twice.value).toMatchObject({ b: { n: 1 }, d: { n: 2 } });
    expect([at(twice, ['b', 'n']), at(twice, ['d', 'n'])]).toEqual(['1:12', '3:12']);
  });
  it('places what is missing at the key above', () => {
    expect(at(source, ['a', 'nothing', 'deep'])).toBe('1:1');
    expect(source.has(['a', 'nothing'])).toBe(false);
    expect(source.has(['g', 'e'])).toBe(true);
  });
  it('places characters within a scalar, behind its quote', () => {
    expect(source.placeWithin(['a', 'c'], 2)).toMatchObject({ line: 3, column: 9 });
  });
  it('places them at the start where folding blurs the columns', () => {
    const folded = new YamlSource('a: >\n  one\n  two\n', 'x.yaml');
    expect(folded.placeWithin(['a'], 5)).toMatchObject({ line: 1, column: 4 });
  });
  it('reports syntax with its place', () => {
    const broken = new YamlSource('a: [1, 2\nb: 3\n', 'x.yaml');
    expect(broken.usable).toBe(false);
    expect(broken.errors[0]).toMatchObject({ code: 'YAML_SYNTAX', where: { file: 'x.yaml', line: 2 } });
  });
  it('reports a key that stands twice, and reads on', () => {
    const twice = new YamlSource('a: 1\nb: 2\na: 3\n', 'x.yaml');
    expect(twice.usable).toBe(true);
    expect(twice.errors).toMatchObject([{ code: 'TOPOLOGY_DUPLICATE', where: { line: 3, column: 1 } }]);
  });
  it('reports an alias without an anchor', () => {
    const dangling = new YamlSource('a: *nobody\n', 'x.yaml');
    expect(dangling.errors).toMatchObject([{ code: 'YAML_SYNTAX', message: expect.stringContaining('nobody') as string, where: { line: 1, column: 4 } }]);
  });
  it('reports a merge key with nothing to merge', () => {
    for (const text of ['a: { <<: 5 }\n', 'x: &x [1]\na: { <<: *x }\n', 'a: { <<: [{ b: 1 }, 2] }\n']) {
      expect(new YamlSource(text, 'x.yaml').errors).toMatchObject([{ code: 'YAML_SYNTAX', message: 'the merge key << has no mapping to merge' }]);
    }
  });
  it('refuses aliases that multiply beyond measure', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const bomb = new YamlSource(lines.join('\n'), 'x.yaml');
    expect(bomb.errors).toMatchObject([{ code: 'YAML_SYNTAX' }]);
  });
});
