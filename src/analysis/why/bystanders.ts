/**
 * Copies that a bridge sends out of every port reach nodes that they are not for, which ignore them. Where the packet itself
 * went on, or another copy did, nothing was lost.
 * @module
 */
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import type { Ledger } from '../../capture/ledger.js';
import { Pieces } from './pieces.js';

/** Ids of those copies; the packet's own id among them, where a bystander got the packet itself. */
export function bystanderCopies(ledger: Ledger): ReadonlySet<PacketId> {
  const pieces = new Pieces(ledger, ledger.flows());
  const ignored: PacketId[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    pieces.relate(cursor);
    if (cursor.drop === DROP.NOT_MINE) ignored.push(cursor.id);
  }
  const went = new Map<PacketId, boolean>();
  return new Set(
    ignored.filter((id) => {
      const origin = pieces.originOf(id);
      let on = went.get(origin);
      if (on === undefined) went.set(origin, (on = pieces.wentOn(origin) && pieces.whole(origin)?.drop !== DROP.NOT_MINE));
      return on;
    }),
  );
}
