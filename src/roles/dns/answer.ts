/**
 * What a DNS server answers: from its zones, or as those say that it asks.
 * @module
 */
import type { DnsAnswer, DnsMessage, Rcode } from '../../protocol/dns/message.js';
import { CLASS_ANY, CLASS_IN } from '../../protocol/dns/records.js';
import { answerFromZones, type Zone } from '../../protocol/dns/zone.js';

export interface Said {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly DnsAnswer[];
  readonly authority: readonly DnsAnswer[];
}

export interface Sources {
  readonly zones: readonly Zone[];
  /** It asks others for what it does not hold. */
  readonly forwards: boolean;
  /** Asks them. Null: nobody answered. */
  ask(name: string, type: string): Promise<DnsMessage | null>;
}

/** Longest chain of aliases that others are asked to follow. */
const MAX_CHAIN = 8;

const nothing = (rcode: Rcode): Said => ({ rcode, authoritative: false, answers: [], authority: [] });

/** The question of the query is there. */
export async function answerQuery(query: DnsMessage, sources: Sources): Promise<Said> {
  const { question, opcode, edns, recursionDesired } = query;
  if (question === null) return nothing('FORMERR');
  // RFC 6891 section 6.1.3.
  if (edns !== null && edns.version > 0) return nothing('BADVERS');
  if (opcode !== 0) return nothing('NOTIMP');
  const { name, type, class: asked = CLASS_IN } = question;
  if (asked !== CLASS_IN && asked !== CLASS_ANY) return nothing('REFUSED');
  const { zones, forwards } = sources;
  const own = answerFromZones(zones, name, type);
  if (own === null) return forwards && recursionDesired ? forward(name, type, sources) : nothing('REFUSED');
  const { rcode, answers, authority, unfinished } = own;
  if (unfinished === null || !forwards) return { rcode, authoritative: true, answers, authority };
  const rest = await forward(unfinished, type, sources);
  return { ...rest, answers: [...answers, ...rest.answers] };
}

/** As whoever is asked says it; a chain of aliases that they leave unfinished is followed. */
async function forward(name: string, type: string, sources: Sources): Promise<Said> {
  const answers: DnsAnswer[] = [];
  let current = name;
  for (let i = 0; i < MAX_CHAIN; i++) {
    const message = await sources.ask(current, type);
    if (message === null) return { ...nothing('SERVFAIL'), answers };
    answers.push(...message.answers);
    const { rcode, authority } = message;
    const last = message.answers.at(-1);
    if (rcode !== 'NOERROR' || type === 'CNAME' || type === 'ANY' || last?.type !== 'CNAME') {
      return { rcode: rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? rcode : 'SERVFAIL', authoritative: false, answers, authority };
    }
    current = last.target;
  }
  return nothing('SERVFAIL');
}
