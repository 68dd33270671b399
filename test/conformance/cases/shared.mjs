// What the families share.

// Numbers cases: group "5.3" gives 5.3.1, 5.3.2, ... in the order they stand. New cases go to the
// end of a group, so that a number always means the same case.
export function group(name, cases) {
  return cases.map((kase, i) => ({ id: `${name}.${i + 1}`, ...kase }));
}

// n bytes of UTF-8 made of a sentence over and over, filled up with x.
export function textOf(n, sentence) {
  const bytes = Buffer.from(sentence);
  const whole = n - (n % bytes.length);
  return Buffer.concat([whole > 0 ? Buffer.alloc(whole, bytes) : Buffer.alloc(0),
    Buffer.alloc(n - whole, "x")]);
}
