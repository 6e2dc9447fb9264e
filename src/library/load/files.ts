/**
 * Files that people name: reading and writing with clear errors.
 * @module
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { LARGEST_FILE, readBounded } from '../../base/bounded-file.js';
import { LabError } from '../../base/error.js';
import { HEAD, requireKind } from './file-kind.js';
import type { FileKind } from './file-kind.js';

/**
 * UTF-8 text, without a byte order mark. Errors: FILE_NOT_FOUND, FILE_UNREADABLE; FILE_KIND for a file that is known to be
 * none of those wanted.
 * @param wanted kinds that would do; without any: whatever it is
 */
export function readText(file: string, ...wanted: readonly FileKind[]): string {
  return readMarkedText(file, ...wanted).replace(/^\uFEFF/, '');
}

/** The same with its byte order mark, for those who refuse one. */
export function readMarkedText(file: string, ...wanted: readonly FileKind[]): string {
  let bytes: Uint8Array;
  try {
    const read = readBounded(file, LARGEST_FILE, 'any');
    if ('refused' in read) throw new LabError('FILE_UNREADABLE', `${file} can't be read: ${read.refused}`, { expected: 'a text file' });
    bytes = read.bytes;
  } catch (cause) {
    if (LabError.is(cause)) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new LabError('FILE_NOT_FOUND', `there is no file ${file}`, { hint: 'check the path; it is taken from the folder in which you are', cause });
    const why = code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'you may not read it' : (code ?? String(cause));
    throw new LabError('FILE_UNREADABLE', `${file} can't be read: ${why}`, { expected: 'a text file that you may read', cause });
  }
  if (wanted.length > 0) requireKind(file, bytes.subarray(0, HEAD), ...wanted);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LabError('FILE_UNREADABLE', `${file} is no UTF-8 text`, { expected: 'a text file in UTF-8', cause });
  }
}

/** Errors: FILE_KIND for a file that is there and is known to be no capture. */
export function requireCapture(file: string): void {
  const head = new Uint8Array(HEAD);
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Whoever reads it says why it can't be opened.
    return;
  }
  try {
    if (fstatSync(fd).isFile()) requireKind(file, head.subarray(0, readSync(fd, head, 0, HEAD, 0)), 'capture');
  } finally {
    closeSync(fd);
  }
}

/** Errors: CLI_USAGE. */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Says before anything has run that a file could not be written in the end. Errors: CLI_USAGE. */
export function requireWritable(file: string): void {
  const folder = dirname(file);
  if (isFolder(file)) throw new LabError('CLI_USAGE', `can't write ${file}: it is a folder`, { expected: 'the name of a file' });
  if (!isFolder(folder)) throw new LabError('CLI_USAGE', `can't write ${file}: there is no folder ${folder}`, { expected: 'a file in a folder that exists' });
}

function unwritable(file: string, cause: unknown): LabError {
  return new LabError('CLI_USAGE', `can't write ${file}: ${(cause as Error).message}`, { expected: 'a file that you may write', cause });
}

/**
 * Folder by folder: Node's own recursion never ends below `/proc`, where a parent that is there takes no entry.
 * Errors: CLI_USAGE.
 */
export function makeFolder(folder: string): void {
  try {
    makeEach(resolve(folder));
  } catch (cause) {
    throw new LabError('CLI_USAGE', `can't make the folder ${folder}: ${(cause as Error).message}`, { expected: 'a folder that you may write to', cause });
  }
}

function makeEach(folder: string): void {
  if (isFolder(folder)) return;
  makeEach(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another run may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    // Nothing there, or a file where a folder of the path should be.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw new LabError('CLI_USAGE', `can't look at ${path}: ${(error as Error).message}`, { expected: 'a path that you may use', cause: error });
  }
}

/**
 * Each folder among the names stands for the files in it with one of those endings, sorted; one without any stands for
 * itself, and whoever reads it says what it is.
 */
export function filesNamed(names: readonly string[], endings: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    if (!isFolder(name)) return [name];
    const found = readdirSync(name)
      .filter((file) => endings.some((ending) => file.endsWith(ending)))
      .sort();
    return found.length > 0 ? found.map((file) => join(name, file)) : [name];
  });
}

/** The path as people read it: from where they are, if that is shorter. */
export function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short !== '' && short.length < file.length ? short : file;
}
