/** Stands in for the callers in `reading/` until that folder is replaced. */
export { baseName } from '../base/path.ts';
