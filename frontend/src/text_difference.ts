// What differs between two texts, token by token: a longest common subsequence (Wagner and Fischer 1974).

export interface Piece {
  readonly kind: "same" | "gone" | "new";
  readonly text: string;
}

/** More tokens than this are told as a whole: the table would have their square. */
const MOST_TOKENS = 1500;

/** Pieces in order; joined, those that are not new are `before`, those that are not gone `after`. */
export function differenceOf(before: string, after: string): Piece[] {
  const [old, now] = [tokensOf(before), tokensOf(after)];
  if (before === after) return [{ kind: "same", text: before }];
  if (Math.max(old.length, now.length) > MOST_TOKENS)
    return [
      { kind: "gone", text: before },
      { kind: "new", text: after },
    ];
  return merged(walk(old, now, lengths(old, now)));
}

function tokensOf(text: string): string[] {
  return text.match(/[\p{L}_][\p{L}\d_]*|\d[\d.]*(?:e[+-]?\d+)?|\s+|./gu) ?? [];
}

/** Lengths of common subsequences of the tails from (i, j) on. */
function lengths(old: readonly string[], now: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--) {
      const [row, below] = [table[i], table[i + 1]];
      if (row && below) row[j] = old[i] === now[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return table;
}

function walk(old: readonly string[], now: readonly string[], table: readonly Uint16Array[]): Piece[] {
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [gone, added] = [old[i], now[j]];
    if (gone !== undefined && gone === added) {
      pieces.push({ kind: "same", text: gone });
      i++;
      j++;
    } else if (gone !== undefined && (added === undefined || (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))) {
      pieces.push({ kind: "gone", text: gone });
      i++;
    } else {
      pieces.push({ kind: "new", text: added ?? "" });
      j++;
    }
  }
  return pieces;
}

function merged(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.kind === piece.kind) joined[joined.length - 1] = { kind: piece.kind, text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined;
}
