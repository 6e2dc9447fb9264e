/**
 * Octets that SRTP and SRTCP add at most: a tag of 16 (GCM) and SRTCP's index word. Apart from `srtp.ts`, so that
 * plain RTP does not load the cryptography.
 * @module
 */
export const SRTP_OVERHEAD = 20;
