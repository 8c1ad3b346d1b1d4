import { deriveAbort } from '../../async/abort.ts';
import type { ReadManifest } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RemoteRepository } from '../remote-repository.ts';

/** Bytes of manifests that are kept. A plan keeps its own. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024;
/** Manifests that are read before anybody asks for them. */
const MOST_AHEAD = 8;

interface KeptManifest {
  readonly reading: Promise<ReadManifest | undefined>;
  /** 0 while it is being read. */
  bytes: number;
}

/**
 * Reads the manifests of one repository, each once: registries count these reads, and images share manifests. `expect` reads ahead, several at
 * a time. What refers to them is asked once too.
 */
export class ManifestCache {
  readonly remote: RemoteRepository;
  readonly #abort: ReturnType<typeof deriveAbort>;
  /** The one that was used longest ago comes first. */
  readonly #kept = new Map<Digest, KeptManifest>();
  #keptBytes = 0;
  /** Expected, and not yet asked for. */
  readonly #waiting = new Set<Digest>();
  readonly #ahead = new Set<Digest>();
  readonly #referrers = new Map<Digest, Promise<readonly Descriptor[]>>();
  #listed: ReadonlySet<Digest> | undefined;

  constructor(remote: RemoteRepository, signal: AbortSignal) {
    this.remote = remote;
    this.#abort = deriveAbort(signal);
  }

  /** Undefined if the repository lacks it. Throws as `RemoteRepository.readManifest`. */
  async find(digest: Digest): Promise<ReadManifest | undefined> {
    const reading = this.#read(digest);
    this.#waiting.delete(digest);
    this.#ahead.delete(digest);
    this.#readAhead();
    return reading;
  }

  /** Throws NOT_FOUND if the repository lacks it. */
  async require(digest: Digest): Promise<ReadManifest> {
    const found = await this.find(digest);
    if (found !== undefined) return found;
    throw new EcrpError('NOT_FOUND', `${this.remote.name}: the manifest ${digest} does not exist`, {
      hint: 'Check the name; the image may have been deleted meanwhile.',
    });
  }

  /** Tells which digests have a fallback tag that lists what refers to them, if all tags of the repository are known. */
  noteListed(digests: ReadonlySet<Digest>): void {
    this.#listed = digests;
  }

  /** What refers to a digest: asked once for each. */
  findReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    const known = this.#referrers.get(digest);
    if (known !== undefined) return known;
    const asking = this.remote.findReferrers(digest, this.#abort.signal, this.#listed?.has(digest));
    this.#referrers.set(digest, asking);
    asking.catch(() => this.#referrers.delete(digest));
    return asking;
  }

  /** Reads these ahead, as far as there is room. */
  expect(digests: Iterable<Digest>): void {
    for (const digest of digests) {
      if (!this.#kept.has(digest)) this.#waiting.add(digest);
    }
    this.#readAhead();
  }

  /** Ends what is being read. */
  close(): void {
    this.#waiting.clear();
    this.#abort.abort();
    this.#abort.dispose();
  }

  #readAhead(): void {
    for (const digest of this.#waiting) {
      if (this.#ahead.size >= MOST_AHEAD) return;
      this.#waiting.delete(digest);
      this.#ahead.add(digest);
      // The caller that asks for it gets the error.
      this.#read(digest).catch(() => undefined);
    }
  }

  #read(digest: Digest): Promise<ReadManifest | undefined> {
    const known = this.#kept.get(digest);
    const kept = known ?? { reading: this.remote.readManifest(digest, this.#abort.signal), bytes: 0 };
    // Again at the end: it was used last.
    this.#kept.delete(digest);
    this.#kept.set(digest, kept);
    if (known === undefined) void this.#weigh(digest, kept);
    return kept.reading;
  }

  /** Drops what was used longest ago to make room for the manifest. One that cannot be read may be read again. */
  async #weigh(digest: Digest, kept: KeptManifest): Promise<void> {
    const found = await kept.reading.catch(() => undefined);
    if (found === undefined) {
      this.#kept.delete(digest);
      return;
    }
    kept.bytes = found.bytes.length;
    this.#keptBytes += kept.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= MOST_KEPT_BYTES) return;
      if (bytes === 0) continue;
      this.#keptBytes -= bytes;
      this.#kept.delete(oldest);
    }
  }
}
