/**
 * `mute: [alice]`: the network sees nothing of a muted speaker, until it is told otherwise.
 * @module
 */
import { eachActor } from './each-actor.js';

export const mute = eachActor('mute', {
  doc: 'no sound in any call of those: no RTP at all, as with silence suppression; RTCP goes on',
});
