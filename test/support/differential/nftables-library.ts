/**
 * libnftables in this process: what nft(8) is made of. Thousands of rule sets are loaded; a process for each would take
 * longer than everything else together.
 * @see libnftables(3)
 * @module
 */
import koffi from 'koffi';

interface Library {
  readonly make: (flags: number) => unknown;
  readonly free: (context: unknown) => void;
  readonly bufferOutput: (context: unknown) => number;
  readonly bufferError: (context: unknown) => number;
  readonly run: (context: unknown, command: string) => number;
  readonly error: (context: unknown) => string;
}

let library: Library | null = null;

function load(): Library {
  const lib = koffi.load('libnftables.so.1');
  return {
    make: lib.func('void *nft_ctx_new(uint32_t flags)') as Library['make'],
    free: lib.func('void nft_ctx_free(void *ctx)') as Library['free'],
    bufferOutput: lib.func('int nft_ctx_buffer_output(void *ctx)') as Library['bufferOutput'],
    bufferError: lib.func('int nft_ctx_buffer_error(void *ctx)') as Library['bufferError'],
    run: lib.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)') as Library['run'],
    error: lib.func('const char *nft_ctx_get_error_buffer(void *ctx)') as Library['error'],
  };
}

/** Belongs to the network namespace that it is made in. */
export class Nftables {
  readonly #context: unknown;
  readonly #lib: Library;

  constructor() {
    library ??= load();
    this.#lib = library;
    this.#context = library.make(0);
    library.bufferOutput(this.#context);
    library.bufferError(this.#context);
  }

  /** Throws what nft says against it. To be called in the namespace. */
  run(commands: string): void {
    if (this.#lib.run(this.#context, commands) !== 0) throw new Error(this.#lib.error(this.#context));
  }

  close(): void {
    this.#lib.free(this.#context);
  }
}
