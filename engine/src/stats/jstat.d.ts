/** The part of jstat that `distributions.ts` uses; the package ships no types. */
declare module 'jstat' {
  const jstat: {
    readonly erf: (x: number) => number;
    readonly ibeta: (x: number, a: number, b: number) => number;
    readonly beta: { readonly inv: (probability: number, alpha: number, beta: number) => number };
    readonly normal: { readonly inv: (probability: number, mean: number, standardDeviation: number) => number };
    readonly studentt: { readonly inv: (probability: number, degreesOfFreedom: number) => number };
  };
  export = jstat;
}
