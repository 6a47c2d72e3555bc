import { render } from "preact";

import { Application } from "./application";
import { fetchAhead } from "./lazy";
import { followLinks } from "./router";
import { restoreSession } from "./session";
import "./styles/tokens.css";
import "./styles/elements.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/learned.css";
import "./styles/charts.css";
import "./styles/edge.css";
import "./styles/review.css";
import "./styles/network.css";
import "./styles/print.css";
import "./styles/prediction.css";
import "./styles/models.css";
import "./styles/terms.css";
import { followTheme } from "./theme";

followTheme();
followLinks();
fetchAhead();
const root = document.getElementById("app");
if (!root) throw new Error("index.html has no element with the id 'app'");
render(<Application />, root);
void restoreSession();
