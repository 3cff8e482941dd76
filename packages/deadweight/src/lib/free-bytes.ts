/**
 * Frees the memory of bytes that nobody needs any more; views on it are empty from then on. Left to the collector, tens of megabytes of
 * such memory stay in each thread. Bytes that share memory with others, as small ones of node's do, are left alone.
 */
export function freeBytes({ buffer }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
