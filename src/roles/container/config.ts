/**
 * What a `container` node is given under `config`.
 * @module
 */
import { z } from 'zod';
import { common, files, text } from '../process/config.js';

export const containerConfig = z.strictObject({
  image: z.string().min(1).describe('an image that the Docker daemon has'),
  entrypoint: z.array(text).min(1).optional().describe("what is started, instead of the image's entry point"),
  command: z.array(text).optional().describe("its arguments, instead of the image's command"),
  ...common,
  files: files.anywhere.default({}).describe('files to be laid into the container before it starts, by path; a relative one from LAB_DIR'),
});

export type ContainerConfig = z.infer<typeof containerConfig>;
