/** The end of what a step has printed: as much as is worth showing when it fails. */
export class OutputTail {
  readonly #pieces: Buffer[] = [];
  #size = 0;
  static readonly #mostBytes = 64 * 1024;

  add(bytes: Uint8Array): void {
    const kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - OutputTail.#mostBytes)));
    this.#pieces.push(kept);
    this.#size += kept.length;
    while (this.#size - (this.#pieces[0]?.length ?? 0) >= OutputTail.#mostBytes) this.#size -= this.#pieces.shift()?.length ?? 0;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#size = 0;
  }

  /** The last lines, without colours and with what progress bars drew last; empty ones are left out. */
  lines(most: number): readonly string[] {
    const text = new TextDecoder().decode(Buffer.concat(this.#pieces)).replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
    return text
      .split("\n")
      .map((line) => line.replace(/\r+$/, "").split("\r").at(-1)?.trimEnd() ?? "")
      .filter((line) => line !== "")
      .slice(-most)
      .map((line) => line.slice(0, 500));
  }
}
