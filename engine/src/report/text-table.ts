/** Plain-text columns, with numbers aligned right; a cell may have several lines. The same for terminals and files. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(
      ...[name, ...rows.map((row) => row[column] ?? '')].flatMap((cell) => cell.split('\n').map((one) => one.length)),
    ),
  );
  const isNumeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-\d.,%/ ]*$/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const lines = (cells: readonly string[]): string => {
    const split = cells.map((cell) => cell.split('\n'));
    const height = Math.max(1, ...split.map(({ length }) => length));
    return Array.from({ length: height }, (_, row) => line(split.map((own) => own[row] ?? ''))).join('\n');
  };
  return [lines(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(lines)].join('\n');
}
