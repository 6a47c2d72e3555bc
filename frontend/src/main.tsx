import { render } from "preact";

import { Application } from "./application";
import { followLinks } from "./router";
import { restoreSession } from "./session";
import "./styles/tokens.css";
import "./styles/elements.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/learned.css";
import "./styles/network.css";
import { followTheme } from "./theme";

followTheme();
followLinks();
const root = document.getElementById("app");
if (!root) throw new Error("index.html has no element with the id 'app'");
render(<Application />, root);
void restoreSession();
