import type { OutgoingBlob } from '../../ends/blob.ts';
import type { Content } from '../../oci/descriptor.ts';
import { isDigest } from '../../oci/digest.ts';
import type { BlobBytes } from './blob-bytes.ts';
import { boundBytes } from './bound-bytes.ts';
import {
  type Judged,
  judgeRefusal,
  type Refusal,
  resolveLocation,
  type UploadAnswer,
} from './upload-answer.ts';
import type { UploadChannel } from './upload-channel.ts';
import type { UploadProgress } from './upload-progress.ts';

/** Blobs up to here are sent in one POST where the registry takes that. */
const MOST_SINGLE_BYTES = 1024 * 1024;
/** The same to find out whether it does: these bytes may be sent in vain. */
const MOST_TRIAL_BYTES = 64 * 1024;
/** Most bytes of an arriving blob in one request. They stay in memory until the registry acknowledges them. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

const OCTETS = { 'content-type': 'application/octet-stream' };

/** What an attempt led to. `elsewhere`: the registry names a place that is not its own, or none. */
export type Attempt = { readonly kind: 'stored'; readonly content: Content } | Judged<Refusal | 'elsewhere'>;

/** Where an upload is. `unknown`: the registry does not say, or says what cannot be. */
export type Located =
  | { readonly kind: 'at'; readonly position: number }
  | { readonly kind: 'unknown' }
  | Judged<'transient' | 'token' | 'vanished'>;

export interface SessionParts {
  readonly channel: UploadChannel;
  readonly blob: OutgoingBlob;
  readonly bytes: BlobBytes;
  readonly progress: UploadProgress;
  readonly maxBlobBytes: number;
  /** Called when bytes are sent that no attempt has sent before. */
  readonly onNewGround: () => void;
}

/** An upload as the registry knows it: begun by POST, filled by PATCH, filled and completed by PUT. */
export class UploadSession {
  readonly #parts: SessionParts;
  /** Where the next request goes; undefined: the upload has not begun. */
  #location: URL | undefined;
  /** All bytes below are acknowledged. */
  #position = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get hasBegun(): boolean {
    return this.#location !== undefined;
  }

  /** Sends what the upload lacks, and completes it. Begins it if it has not begun. */
  async send(signal: AbortSignal): Promise<Attempt> {
    const { blob, bytes, progress } = this.#parts;
    progress.start(this.#position);
    const refused = this.#location === undefined ? await this.#begin(signal) : undefined;
    if (refused !== undefined) return refused;
    for (;;) {
      const { content } = bytes;
      const restBytes = content === undefined ? undefined : content.size - this.#position;
      const most = blob.kind === 'arriving' ? MOST_KEPT_BYTES : Number.POSITIVE_INFINITY;
      if (content !== undefined && content.size - this.#position <= most) return this.#put(content, signal);
      const answer = await this.#patch(most, restBytes && most, signal);
      if (answer !== undefined) return answer;
    }
  }

  /** Asks how far the upload is. */
  async locate(signal: AbortSignal): Promise<Located> {
    const { channel, bytes, progress } = this.#parts;
    const url = this.#location;
    if (url === undefined || !channel.tellsProgress) return { kind: 'unknown' };
    const answer = await channel.request({ method: 'GET', url }, signal);
    if (answer.status >= 300) {
      const kind = judgeRefusal(answer);
      if (kind === 'departure') channel.tellsProgress = false;
      return kind === 'transient' || kind === 'token' || kind === 'vanished'
        ? { kind, answer }
        : { kind: 'unknown' };
    }
    const { receivedBytes = 0 } = answer;
    // Zero is no knowledge: some registries say it of every upload.
    if (receivedBytes === 0 || receivedBytes > progress.mostSent) return { kind: 'unknown' };
    this.#location = resolveLocation(answer) ?? url;
    this.#position = receivedBytes;
    bytes.acknowledge(receivedBytes);
    progress.acknowledge(receivedBytes);
    return { kind: 'at', position: receivedBytes };
  }

  /** Makes the next attempt begin a new upload. */
  forget(): void {
    this.#location = undefined;
    this.#position = 0;
  }

  /** Begins an upload; a small blob may be stored at once. Undefined: it has begun. */
  async #begin(signal: AbortSignal): Promise<Attempt | undefined> {
    const { channel, bytes } = this.#parts;
    const isTrial = channel.takesSinglePost === undefined;
    // Of a layer that is compressed on the way, it also finds out the digest, which saves the PATCH.
    const small = await bytes.peek(MOST_SINGLE_BYTES);
    const most = isTrial ? MOST_TRIAL_BYTES : MOST_SINGLE_BYTES;
    const { content } = bytes;
    if (
      content !== undefined &&
      small !== undefined &&
      channel.takesSinglePost !== false &&
      small.length <= most
    ) {
      const sent = await this.#postWhole(content, isTrial, signal);
      if (sent !== 'plainly') return sent;
    }
    bytes.prefetch();
    const url = new URL('blobs/uploads/', channel.url);
    const answer = await channel.request({ method: 'POST', url }, signal);
    if (answer.status < 300) return this.#follow(answer, true);
    const kind = judgeRefusal(answer);
    return { kind: kind === 'transient' || kind === 'token' ? kind : 'departure', answer };
  }

  /** Sends a blob in one POST. `plainly`: the registry does not take that, so try without the blob. */
  async #postWhole(
    content: Content,
    isTrial: boolean,
    signal: AbortSignal,
  ): Promise<Attempt | 'plainly' | undefined> {
    const { channel, progress } = this.#parts;
    const url = addDigest(new URL('blobs/uploads/', channel.url), content);
    let answer: UploadAnswer;
    try {
      answer = await this.#send('POST', url, content.size, content.size, signal);
    } catch (error) {
      if (isTrial) channel.takesSinglePost = false;
      throw error;
    }
    if (answer.status === 201) {
      channel.takesSinglePost = true;
      return checkStored(answer, content);
    }
    progress.start(0);
    if (answer.status < 300) {
      channel.takesSinglePost = false;
      return this.#follow(answer, true);
    }
    const kind = judgeRefusal(answer);
    const isAboutSingle = isTrial && kind !== 'token' && ![403, 404, 408, 429].includes(answer.status);
    if (!isAboutSingle) return { kind: kind === 'vanished' ? 'departure' : kind, answer };
    channel.takesSinglePost = false;
    return 'plainly';
  }

  async #patch(most: number, length: number | undefined, signal: AbortSignal): Promise<Attempt | undefined> {
    const { bytes, progress } = this.#parts;
    if (this.#location === undefined) throw new TypeError('the upload has not begun');
    const answer = await this.#send('PATCH', this.#location, most, length, signal);
    if (answer.status >= 300) return { kind: judgeRefusal(answer), answer };
    // Its Range is not looked at: that of ECR stays where the first PATCH ended (aws/containers-roadmap#2831).
    this.#position = progress.sentEnd;
    bytes.acknowledge(this.#position);
    progress.acknowledge(this.#position);
    return this.#follow(answer, false);
  }

  async #put(content: Content, signal: AbortSignal): Promise<Attempt> {
    if (this.#location === undefined) throw new TypeError('the upload has not begun');
    const restBytes = content.size - this.#position;
    const url = addDigest(this.#location, content);
    const answer = await this.#send('PUT', url, restBytes, restBytes, signal);
    return answer.status < 300 ? checkStored(answer, content) : { kind: judgeRefusal(answer), answer };
  }

  async #send(
    method: 'POST' | 'PATCH' | 'PUT',
    url: URL,
    mostBytes: number,
    length: number | undefined,
    signal: AbortSignal,
  ): Promise<UploadAnswer> {
    const { channel, progress, onNewGround } = this.#parts;
    const start = this.#position;
    progress.start(start);
    if (length === 0) return channel.request({ method, url, headers: OCTETS }, signal);
    const range = start > 0 && length !== undefined && { 'content-range': `${start}-${start + length - 1}` };
    const { blob, bytes, maxBlobBytes } = this.#parts;
    const bounds = { start, length, maxBlobBytes };
    const body = { length, bytes: boundBytes(bytes.read(start, mostBytes), blob, bounds) };
    const onTaken = (taken: number): void => {
      if (progress.take(taken)) onNewGround();
    };
    return channel.request({ method, url, headers: { ...OCTETS, ...range }, body, onTaken }, signal);
  }

  /** Goes where the registry says that the upload continues. A PATCH need not say it. */
  #follow(answer: UploadAnswer, isNeeded: boolean): Attempt | undefined {
    const location = answer.location === undefined && !isNeeded ? this.#location : resolveLocation(answer);
    this.#location = location;
    return location === undefined ? { kind: 'elsewhere', answer } : undefined;
  }
}

/** Adds the digest to what the query says already. */
function addDigest(url: URL, { digest }: Content): URL {
  const complete = new URL(url);
  complete.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return complete;
}

/** A registry that stored something else than was sent has not stored the blob. */
function checkStored(answer: UploadAnswer, content: Content): Attempt {
  const { contentDigest } = answer;
  const isOther = isDigest(contentDigest) && contentDigest !== content.digest;
  return isOther ? { kind: 'bytes', answer } : { kind: 'stored', content };
}
