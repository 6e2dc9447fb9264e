/**
 * The words for "did you mean", where topology files are read.
 * @module
 */
export { didYouMean, editDistance, listed, nearest } from '../../base/suggest.js';
