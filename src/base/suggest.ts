/**
 * "Did you mean": the nearest of the known names, by Damerau-Levenshtein distance (optimal string alignment).
 * @module
 */

/** Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The known name that is near enough to be a slip of the fingers: at most a third of the letters wrong, at least one. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const allowed = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let distance = allowed + 1;
  for (const candidate of known) {
    const d = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (d < distance) {
      best = candidate;
      distance = d;
    }
  }
  return best;
}

/** `a, b, c`, sorted; long lists are cut and say how many more there are. */
export function listed(known: Iterable<string>, limit = 12): string {
  const names = [...new Set(known)].sort();
  if (names.length === 0) return 'none';
  const rest = names.length - limit;
  return rest > 0 ? `${names.slice(0, limit).join(', ')} and ${rest} more` : names.join(', ');
}

/** Spread into an error's details: `hint` when a near name exists. */
export function didYouMean(name: string, known: Iterable<string>): { readonly hint?: string } {
  const near = nearest(name, known);
  return near === undefined ? {} : { hint: `did you mean "${near}"?` };
}
