/** Writes the JSON Schema of study files that ships with the package, from the schema that they are read with. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { schemaText } from '../engine/src/cli/commands/init.ts';
import { registry } from '../engine/src/cli/compose.ts';

const file = join(import.meta.dirname, '../engine/study.schema.json');
writeFileSync(file, schemaText(registry));
