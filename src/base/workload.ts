/**
 * What a stream is to people: what they do with it, whatever carries it. A medium is a matter of protocol (RTP, RTCP,
 * STUN), a workload of purpose: sharing may be RTP video, a file may be a byte stream.
 * @module
 */
export const WORKLOADS = ['audio', 'video', 'sharing', 'file'] as const;

export type Workload = (typeof WORKLOADS)[number];
