/** A tar that is read forwards. Positions are bytes from the beginning of the archive. */
export interface TarInput {
  /** For messages. */
  readonly path: string;
  /** Bytes of the whole archive; undefined while it arrives. */
  readonly size: number | undefined;
  /** Bytes of [position, position + length), never before what was read already; fewer only where the archive ends. */
  read(position: number, length: number): Promise<Buffer>;
  /** Goes on to a position, or to the end of the archive if that is before it; says where it is then. */
  skipTo(position: number): Promise<number>;
}
