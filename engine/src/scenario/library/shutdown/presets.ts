import type { Preset } from '../../presets.ts';

export const shutdownPresets: readonly Preset[] = [];
