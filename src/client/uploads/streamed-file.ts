/** A file of a form whose bytes come from a stream, which is opened each time that the form is sent. */
export class StreamedFile extends File {
  /** Returns the bytes, to be sent now. Each chunk is valid only until the next one is asked for. */
  readonly openStream: () => AsyncIterable<Buffer>;

  /**
   * @param size - in bytes
   * @param openStream - returns the bytes from the first to the last
   */
  constructor(name: string, type: string, size: number, openStream: () => AsyncIterable<Buffer>) {
    super([], name, { type });
    this.openStream = openStream;
    // In place of the getter of the platform, which says 0.
    Object.defineProperty(this, 'size', { value: size });
  }
}
