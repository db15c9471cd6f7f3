/** Adds the texts of the pages behind the sign-in. */

import texts from "virtual:texts/client";
import i18next from "i18next";

i18next.addResourceBundle("en", "translation", texts, true, true);
