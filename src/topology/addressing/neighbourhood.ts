/**
 * Who shares a LAN with whom, with which addresses: what routes, neighbours and names are looked up in.
 * @module
 */
import type { AddressTable, Attachment, DraftNode, Lan, PlannedAddress } from '../drafting/draft.js';
import { interfaceKey } from '../drafting/draft.js';
import type { Ip } from './ip.js';

/** An interface with its LAN and addresses. */
export interface Station {
  readonly node: DraftNode;
  readonly interface: string;
  readonly attachment: Attachment;
  readonly lan: Lan;
  readonly addresses: readonly PlannedAddress[];
}

/** What could not be read, so that nobody complains a second time about what follows from it. */
export interface Gaps {
  /** LANs on which an address was refused. */
  readonly doubtful: ReadonlySet<Lan>;
  /** Nodes or links are missing altogether. */
  readonly incomplete: boolean;
}

export class Neighbourhood {
  readonly #gaps: Gaps;
  readonly #byNode = new Map<string, Station[]>();
  readonly #byLan = new Map<Lan, Station[]>();

  constructor(lans: readonly Lan[], addresses: AddressTable, gaps: Gaps = { doubtful: new Set(), incomplete: false }) {
    this.#gaps = gaps;
    for (const lan of lans) {
      for (const attachment of lan.attachments) {
        const { node, interface: name } = attachment.end;
        const station: Station = { node, interface: name, attachment, lan, addresses: addresses.get(interfaceKey(node.name, name)) ?? [] };
        append(this.#byNode, node.name, station);
        append(this.#byLan, lan, station);
      }
    }
    // Interfaces are numbered in the order of the links in the file, whatever the order of the LANs.
    for (const stations of this.#byNode.values()) stations.sort((a, b) => a.attachment.link.index - b.attachment.link.index);
  }

  /** The interfaces of a node, in the order of the links in the file. */
  of(node: string): readonly Station[] {
    return this.#byNode.get(node) ?? [];
  }

  on(lan: Lan): readonly Station[] {
    return this.#byLan.get(lan) ?? [];
  }

  /** True when an address of the node or of a neighbour may be missing because it was refused. */
  doubtful(node: string): boolean {
    return this.#gaps.incomplete || this.of(node).some((s) => this.#gaps.doubtful.has(s.lan));
  }

  /** Every address of a node, IPv4 first, else in the order of its interfaces. */
  addressesOf(node: string, interfaceName?: string): readonly Ip[] {
    const stations = this.of(node).filter((s) => interfaceName === undefined || s.interface === interfaceName);
    const all = stations.flatMap((s) => s.addresses.map((a) => a.ip));
    return [...all.filter((ip) => ip.family === 4), ...all.filter((ip) => ip.family === 6)];
  }

  holderOn(lan: Lan, ip: Ip): Station | undefined {
    return this.on(lan).find((s) => s.addresses.some((a) => a.ip.family === ip.family && a.ip.value === ip.value));
  }
}

function append<K, T>(map: Map<K, T[]>, key: K, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
