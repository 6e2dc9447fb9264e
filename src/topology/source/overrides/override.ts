/**
 * Overrides: changes of a topology file that are made before it is checked. A target says where (`fw1.firewall`,
 * `link.er-primary`, `users.alice@contoso.example.home`), a YAML value says what; the value replaces what stands there,
 * null removes it. They come from the command line (`TARGET=VALUE`) or from a mapping of another file.
 * @module
 */
import { LabError } from '../../../base/error.js';
import type { SourceRef } from '../../../base/error.js';
import type { Path, PlaceOn, Places } from '../source.js';
import { YamlSource } from '../yaml-source.js';

export interface Override {
  /** As a person wrote it. */
  readonly target: string;
  readonly value: unknown;
  /** Folder from which paths of files in the value are taken; '' = the current one. */
  readonly folder: string;
  /** Place of a character (from 0) of `target`. */
  targetPlace(offset: number): SourceRef;
  /** Places within the value. */
  readonly places: Places;
}

/**
 * `TARGET=VALUE`, as the command line has it. Places are given in the argument itself.
 * Errors: TOPOLOGY_OVERRIDE, YAML_SYNTAX.
 */
export function parseOverride(argument: string): Override {
  const file = `--with ${quoted(argument)}`;
  const equals = endOfTarget(argument);
  const target = argument.slice(0, equals < 0 ? argument.length : equals).trim();
  if (equals < 0 || target === '') {
    throw new LabError('TOPOLOGY_OVERRIDE', `"${argument}" changes nothing`, {
      where: { file, line: 1, column: 1 },
      expected: 'TARGET=VALUE, such as link.er-primary=down or fw1.firewall=new.nft',
    });
  }
  const source = new YamlSource(argument.slice(equals + 1), file);
  const shift = (where: SourceRef): SourceRef => (where.line === 1 ? { ...where, column: where.column + equals + 1 } : where);
  const [first] = source.errors;
  if (first !== undefined)
    throw new LabError(first.code, first.message, { where: shift(first.where ?? { file, line: 1, column: 1 }), expected: first.expected ?? 'a value in YAML' });
  const start = argument.indexOf(target);
  const targetPlace = (offset: number): SourceRef => ({ file, line: 1, column: start + offset + 1 });
  return {
    target,
    value: source.value ?? null,
    folder: '',
    targetPlace,
    places: {
      place: (path: Path, on?: PlaceOn) => shift(source.place(path, on)),
      placeWithin: (path: Path, offset: number) => shift(source.placeWithin(path, offset)),
    },
  };
}

/** The overrides of a mapping from targets to values that stands at `path` of a file. */
export function overridesAt(mapping: Readonly<Record<string, unknown>>, path: Path, source: Places, folder: string): readonly Override[] {
  return Object.entries(mapping).map(([target, value]) => ({
    target,
    value,
    folder,
    targetPlace: (offset) => {
      const key = source.place([...path, target], 'key');
      return { ...key, column: key.column + offset };
    },
    places: {
      place: (inner, on) => source.place([...path, target, ...inner], on),
      placeWithin: (inner, offset) => source.placeWithin([...path, target, ...inner], offset),
    },
  }));
}

/** The first `=` outside of quotes; -1 without one. */
function endOfTarget(argument: string): number {
  let open = false;
  for (let i = 0; i < argument.length; i++) {
    if (argument[i] === '"') open = !open;
    else if (argument[i] === '=' && !open) return i;
  }
  return -1;
}

/** As a shell would want it. */
function quoted(argument: string): string {
  return /^[\w.:@%+,=/-]+$/.test(argument) ? argument : `'${argument.replaceAll('\n', ' ')}'`;
}
