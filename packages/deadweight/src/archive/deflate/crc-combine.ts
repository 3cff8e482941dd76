/** The polynomial of CRC-32, bits reversed: the lowest power is the highest bit (RFC 1952 section 8). */
const polynomial = 0xedb88320;
const one = 0x80000000;

/** x to the power 2^n modulo the polynomial; it comes round after 32 squarings. */
const squares: readonly number[] = powersOfTwo();

/** The CRC-32 of two pieces one after the other, of the CRCs of both and the length of the second. As zlib's crc32_combine. */
export function combineCrc(first: number, second: number, secondLength: number): number {
  let shift = one;
  // A byte is eight powers of x: begin at x^(2^3).
  for (let rest = secondLength, n = 3; rest > 0; rest = Math.floor(rest / 2), n++) {
    if (rest % 2 === 1) shift = multiply(squares[n % 32] ?? 0, shift);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}

function powersOfTwo(): readonly number[] {
  const powers = [one >>> 1];
  while (powers.length < 32) powers.push(multiply(powers.at(-1) ?? 0, powers.at(-1) ?? 0));
  return powers;
}

/** The product of two polynomials modulo the polynomial. */
function multiply(left: number, right: number): number {
  let product = 0;
  let shifted = right;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial;
  }
  return product >>> 0;
}
