/**
 * Names in zones (RFC 1035 5.1 in the lab's spelling): an owner is relative to its zone unless it ends in the zone's
 * name or in a dot; a target with a dot in it is a whole name. "@" is the zone itself.
 * @module
 */

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** `undefined` when it is no domain name (RFC 1035 2.3.4: labels of 63 octets, names of 255). */
export function ownerName(text: string, zone: string): string | undefined {
  const name = text.toLowerCase();
  if (name === '@') return zone;
  if (name.endsWith('.')) return checked(name.slice(0, -1));
  return checked(isWithin(name, zone) ? name : `${name}.${zone}`);
}

export function targetName(text: string, zone: string): string | undefined {
  const name = text.toLowerCase();
  if (name === '@') return zone;
  if (name.endsWith('.')) return checked(name.slice(0, -1));
  return checked(name.includes('.') ? name : `${name}.${zone}`);
}

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function checked(name: string): string | undefined {
  return name.length <= 253 && name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}
