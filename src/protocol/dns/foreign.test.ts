/**
 * What others send, taken or refused as RFC 1035 sections 2.3.4, 4.1 and 4.1.4 and RFC 6891 section 6.1.1 say.
 */
import { describe, expect, it } from 'vitest';
import { decodeDns } from './message.js';

const octets = (hex: string): Uint8Array => Uint8Array.from(hex.replace(/\s+/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Header of a query, with the numbers of questions, answers, authority and additional records. */
const header = (...counts: readonly number[]): string => `0001 0100 ${counts.map((n) => n.toString(16).padStart(4, '0')).join('')}`;
const A_IN = '0001 0001';
const label = (length: number): string => length.toString(16).padStart(2, '0') + '61'.repeat(length);
const OPT = '00 0029 04d0 00000000 0000';

const taken: readonly (readonly [string, string, string])[] = [
  ['the root', `${header(1, 0, 0, 0)} 00 ${A_IN}`, ''],
  ['a label of 63', `${header(1, 0, 0, 0)} ${label(63)} 00 ${A_IN}`, 'a'.repeat(63)],
  [
    'a name of 255',
    `${header(1, 0, 0, 0)} ${label(63)} ${label(63)} ${label(63)} ${label(61)} 00 ${A_IN}`,
    [63, 63, 63, 61].map((n) => 'a'.repeat(n)).join('.'),
  ],
  ['an answer whose owner points back', `${header(1, 1, 0, 0)} 0161 00 ${A_IN} c00c ${A_IN} 00000e10 0004 c0000201`, 'a'],
  ['one OPT', `${header(1, 0, 0, 1)} 0161 00 ${A_IN} ${OPT}`, 'a'],
];

const refused: readonly (readonly [string, string])[] = [
  ['half a header', '0001 0100 0001'],
  ['a question that is announced and missing', header(1, 0, 0, 0)],
  ['a question without its class', `${header(1, 0, 0, 0)} 0161 00 0001`],
  ['two questions', `${header(2, 0, 0, 0)} 0161 00 ${A_IN} 0162 00 ${A_IN}`],
  ['a label of 64: a reserved form', `${header(1, 0, 0, 0)} 40 ${'61'.repeat(64)} 00 ${A_IN}`],
  ['a name of 256', `${header(1, 0, 0, 0)} ${label(63)} ${label(63)} ${label(63)} ${label(62)} 00 ${A_IN}`],
  ['a name that runs over the end', `${header(1, 0, 0, 0)} 0561`],
  ['a pointer to itself', `${header(1, 0, 0, 0)} c00c ${A_IN}`],
  ['a pointer that leads forwards', `${header(1, 0, 0, 0)} c012 ${A_IN} 0161 00`],
  ['two pointers at each other', `${header(1, 1, 0, 0)} 0161 c013 ${A_IN} c00e ${A_IN} 00000e10 0004 c0000201`],
  ['half a pointer', `${header(1, 0, 0, 0)} c0`],
  ['an answer that is announced and missing', `${header(1, 1, 0, 0)} 0161 00 ${A_IN}`],
  ['data that runs over the end', `${header(1, 1, 0, 0)} 0161 00 ${A_IN} c00c ${A_IN} 00000e10 0004 c00002`],
  ['an address of 3 octets', `${header(1, 1, 0, 0)} 0161 00 ${A_IN} c00c ${A_IN} 00000e10 0003 c00002`],
  ['two OPT', `${header(1, 0, 0, 2)} 0161 00 ${A_IN} ${OPT} ${OPT}`],
  ['an OPT among the answers', `${header(1, 1, 0, 0)} 0161 00 ${A_IN} ${OPT}`],
];

describe('messages of others', () => {
  it.each(taken)('%s is taken', (_what, hex, name) => {
    expect(decodeDns(octets(hex))?.question?.name).toBe(name);
  });
  it.each(refused)('%s is refused', (_what, hex) => {
    expect(decodeDns(octets(hex))).toBeNull();
  });
});
