// Writes the catalogue: every text of the pages, with the files that say it. Run by `npm run messages`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { catalogue } from "./texts.js";

writeFileSync(join(import.meta.dirname, "../messages.json"), catalogue());
