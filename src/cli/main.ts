#!/usr/bin/env node
/**
 * The `callpath` command as a process.
 * @module
 */
import { main } from './command-line.js';
import { allowClosedOutput, processIo, watchDefects } from './process-io.js';

allowClosedOutput();
watchDefects();
process.exitCode = await main(process.argv.slice(2), processIo);
