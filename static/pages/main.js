// What pages add when scripts run. Every page works without; each module minds one habit and finds its own elements.
import { wireConfirming } from "./confirming.js";
import { wireCopying } from "./copying.js";
import { wireFinding } from "./finding.js";
import { wireImporting } from "./importing.js";
import { wireLeaving } from "./leaving.js";
import { wireMenus } from "./menus.js";
import { wireSelecting } from "./selecting.js";
import { wireSwapping } from "./swapping.js";
import { showTimes } from "./times.js";
import { wireWatching } from "./watching.js";

showTimes(document);
wireConfirming(document);
wireCopying(document);
wireFinding(document);
wireImporting(document);
wireLeaving(document);
wireMenus(document);
wireSelecting(document);
wireSwapping(document, showTimes);
wireWatching(document, showTimes);
