/** A foreign codec as the judge: what we write, werift reads, and the other way round. */
import { classes, Message, methods, parseMessage } from 'werift';
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { checkFingerprint, checkIntegrity, emitStun, isMalformedStun, parseStun } from './codec.js';
import { shortTermKey } from './integrity.js';
import { addressOf, hexOf, numberOf, textOf, hasAttribute } from './message.js';

const ID = '0102030405060708090a0b0c';
const key = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');

describe('werift', () => {
  it('reads a check of ours, integrity and fingerprint included', () => {
    const bytes = emitStun(
      {
        class: 'request',
        method: 1,
        transaction: ID,
        attributes: [
          { name: 'username', text: 'abcd:efgh' },
          { name: 'priority', value: 1862270975 },
          { name: 'ice-controlling', hex: '932ff9b151263b36' },
          { name: 'use-candidate' },
        ],
      },
      { integrity: key, fingerprint: true },
    );
    const theirs = must(parseMessage(Buffer.from(bytes), Buffer.from(key)), 'message that werift accepts');
    expect([theirs.messageMethod, theirs.messageClass, theirs.transactionId.toString('hex')]).toEqual([methods.BINDING, classes.REQUEST, ID]);
    expect(theirs.attributesKeys.filter((k) => k !== 'MESSAGE-INTEGRITY' && k !== 'FINGERPRINT')).toEqual([
      'USERNAME',
      'PRIORITY',
      'ICE-CONTROLLING',
      'USE-CANDIDATE',
    ]);
    expect(theirs.getAttributeValue('PRIORITY')).toBe(1862270975);
    expect(theirs.getAttributeValue('ICE-CONTROLLING')).toBe(0x932ff9b151263b36n);
  });

  it('writes an answer that we read', () => {
    const message = new Message(methods.BINDING, classes.RESPONSE, Buffer.from(ID, 'hex'));
    message.setAttribute('XOR-MAPPED-ADDRESS', ['198.51.100.7', 50001]);
    message.addMessageIntegrity(Buffer.from(key)).addFingerprint();
    const bytes = new Uint8Array(message.bytes);
    const ours = parseStun(bytes, 0, bytes.length);
    if (isMalformedStun(ours)) throw new Error(ours.why);
    expect([ours.class, ours.method, ours.transaction]).toEqual(['success', 1, ID]);
    expect(addressOf(ours, 'xor-mapped-address')).toEqual({ address: '198.51.100.7', port: 50001, family: 4 });
    expect([checkIntegrity(ours, key), checkFingerprint(ours)]).toEqual([true, 'right']);
    expect([textOf(ours, 'username'), numberOf(ours, 'priority'), hexOf(ours, 'ice-controlled'), hasAttribute(ours, 'use-candidate')]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
  });
});
