/**
 * What a node is to those who talk across the lab, whatever its kind is called: analysis, verification and reports ask
 * for traits and never for the name of a kind, so a new kind needs no line there.
 * @module
 */

/** A trait that is absent is not had. */
export interface Traits {
  /**
   * `endpoint`: people talk there; `server`: it does something for endpoints; `equipment`: it carries the packets of
   * others, and nobody addresses it.
   */
  readonly is: 'endpoint' | 'server' | 'equipment';
  /** Users can be homed there: their SIP registrar and proxy (RFC 3261). */
  readonly homes?: true;
  /** Passes media on as it came: same SSRC, same sequence numbers (TURN, RFC 8656; a translator of RFC 3550 section 7.1). */
  readonly relays?: true;
  /** Makes one stream of several (a mixer of RFC 3550 section 7.1). */
  readonly mixes?: true;
  /** Answers questions of DNS, for zones and for others. */
  readonly resolves?: true;
  /** Tells those who ask how they look from its place (STUN Binding, RFC 8489). */
  readonly reflects?: true;
}

export type TraitName = Exclude<keyof Traits, 'is'>;

export const TRAIT_NAMES: readonly TraitName[] = ['homes', 'relays', 'mixes', 'resolves', 'reflects'];
