/** A symmetric matrix as rows. */
export type Matrix = readonly Float64Array[];

export interface Factored {
  readonly solve: (right: Float64Array) => Float64Array;
  readonly inverse: () => Float64Array[];
  readonly logDeterminant: number;
}

/**
 * Cholesky factor of a symmetric positive definite matrix, or the index of the first column that depends on earlier ones
 * (its pivot is below 1e-10 of its diagonal).
 * Source: Golub and Van Loan (2013), Matrix Computations, 4.2.
 */
export function factor(matrix: Matrix): Factored | { readonly dependentColumn: number } {
  const size = matrix.length;
  const lower = matrix.map(() => new Float64Array(size));
  const at = (row: number, column: number): number => lower[row]?.[column] ?? 0;
  let logDeterminant = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row]?.[column] ?? 0;
      for (let inner = 0; inner < column; inner++) sum -= at(row, inner) * at(column, inner);
      const target = lower[row];
      if (target === undefined) continue;
      if (row !== column) target[column] = sum / at(column, column);
      else if (!(sum > 1e-10 * (matrix[row]?.[row] ?? 0))) return { dependentColumn: row };
      else {
        target[row] = Math.sqrt(sum);
        logDeterminant += Math.log(sum);
      }
    }
  }
  const solve = (right: Float64Array): Float64Array => {
    const result = Float64Array.from(right);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < row; column++)
        result[row] = (result[row] ?? 0) - at(row, column) * (result[column] ?? 0);
      result[row] = (result[row] ?? 0) / at(row, row);
    }
    for (let row = size - 1; row >= 0; row--) {
      for (let later = row + 1; later < size; later++)
        result[row] = (result[row] ?? 0) - at(later, row) * (result[later] ?? 0);
      result[row] = (result[row] ?? 0) / at(row, row);
    }
    return result;
  };
  const inverse = (): Float64Array[] =>
    matrix.map((_, column) => solve(new Float64Array(size).fill(1, column, column + 1)));
  return { solve, inverse, logDeterminant };
}
