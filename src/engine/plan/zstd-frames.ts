const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

type State = 'magic' | 'descriptor' | 'skippable-size' | 'block';

/** How many bytes are read in a state before it is known what follows. */
const HEADER_BYTES: Readonly<Record<State, number>> = {
  magic: MAGIC_BYTES,
  descriptor: 1,
  'skippable-size': 4,
  block: BLOCK_HEADER_BYTES,
};

/** Follows zstd frames from header to header, without unpacking them (RFC 8878, 3.1). */
export class ZstdFrames {
  #state: State = 'magic';
  #header: Buffer = Buffer.alloc(0);
  /** Bytes that say nothing of where the frame ends. */
  #left = 0;
  #frames = 0;
  #hasChecksum = false;
  /** What is not zstd from its first byte on is not followed. */
  #isForeign = false;
  #hasTrailingBytes = false;

  /** Whether something else follows a frame. */
  get hasTrailingBytes(): boolean {
    return this.#hasTrailingBytes;
  }

  /** Where the bytes so far end; undefined: behind a whole frame. */
  get endsWithin(): 'frame' | 'magic' | undefined {
    if (this.#isForeign) return undefined;
    if (this.#left > 0 || this.#state !== 'magic') return 'frame';
    return this.#header.length > 0 ? 'magic' : undefined;
  }

  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isForeign && !this.#hasTrailingBytes; ) {
      if (this.#left > 0) {
        const count = Math.min(this.#left, chunk.length - at);
        this.#left -= count;
        at += count;
        continue;
      }
      const wanted = HEADER_BYTES[this.#state] - this.#header.length;
      const piece = chunk.subarray(at, at + wanted);
      this.#header = Buffer.concat([this.#header, piece]);
      at += piece.length;
      if (this.#header.length < HEADER_BYTES[this.#state]) return;
      const header = this.#header;
      this.#header = Buffer.alloc(0);
      this.#advance(header);
    }
  }

  #advance(header: Buffer): void {
    switch (this.#state) {
      case 'magic':
        this.#beginFrame(header.readUInt32LE(0));
        return;
      case 'skippable-size':
        this.#left = header.readUInt32LE(0);
        this.#endFrame();
        return;
      case 'descriptor':
        this.#left = this.#readDescriptor(header[0] ?? 0);
        this.#state = 'block';
        return;
      case 'block':
        this.#readBlock(header.readUIntLE(0, BLOCK_HEADER_BYTES));
    }
  }

  #beginFrame(magic: number): void {
    if (magic === FRAME_MAGIC) this.#state = 'descriptor';
    else if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) this.#state = 'skippable-size';
    else if (this.#frames === 0) this.#isForeign = true;
    else this.#hasTrailingBytes = true;
  }

  /** How long the rest of a frame's header is. */
  #readDescriptor(descriptor: number): number {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const windowBytes = isSingleSegment ? 0 : 1;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    return windowBytes + dictionaryBytes + sizeBytes;
  }

  #readBlock(header: number): void {
    const isLast = (header & 1) !== 0;
    const isRunLength = ((header >> 1) & 3) === 1;
    this.#left = isRunLength ? 1 : header >> 3;
    if (!isLast) return;
    if (this.#hasChecksum) this.#left += CHECKSUM_BYTES;
    this.#endFrame();
  }

  #endFrame(): void {
    this.#frames += 1;
    this.#state = 'magic';
  }
}
