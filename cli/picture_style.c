/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_style.c - how a picture looks. Suppliers have the colours of Okabe and Ito, which people who see colours
 * differently tell apart, and a pattern each, for those who see none. All names are the picture's own, so that it can
 * stand in a page.
 */
#include "cli/picture_parts.h"

static const char style[] =
        ".offpeak text{font-family:sans-serif;font-size:12px;fill:#1c1e21}"
        ".offpeak .heading{font-size:18px;font-weight:bold}"
        ".offpeak .site{font-size:15px;font-weight:bold}"
        ".offpeak .caption{font-size:13px}"
        ".offpeak .strong{font-weight:bold}"
        ".offpeak .quiet{fill:#555c66}"
        ".offpeak .ground{fill:#ffffff}"
        ".offpeak .frame{fill:none;stroke:#8a929d}"
        ".offpeak .rule{stroke:#e4e7eb}"
        ".offpeak .day{stroke:#a3abb6}"
        ".offpeak .zero{stroke:#555c66;stroke-width:1.5}"
        ".offpeak .now{stroke:#a1123f;stroke-width:1.5;stroke-dasharray:6 3}"
        ".offpeak .now-name{fill:#a1123f;font-weight:bold}"
        ".offpeak .line{fill:none;stroke:#1c1e21;stroke-width:2}"
        ".offpeak .carbon{stroke:#00664d}"
        ".offpeak .limit{stroke-width:3}"
        ".offpeak .forecast{stroke-dasharray:4 3;stroke-width:1.5}"
        ".offpeak .planned-load{opacity:.6}"
        ".offpeak .edge{fill:none;stroke:#1c1e21}"
        ".offpeak .box{stroke:#8a929d}"
        ".offpeak .ran{fill:#3d4654;stroke:#3d4654}"
        ".offpeak .planned{fill:#c3cbd6;stroke:#3d4654}"
        ".offpeak .pause{stroke:#3d4654;stroke-width:1.5;stroke-dasharray:2 3}"
        ".offpeak .deadline{fill:#ffffff;stroke:#1c1e21;stroke-width:1.5}"
        ".offpeak .missed{fill:#a1123f;stroke:#a1123f}"
        ".offpeak .late{fill:#a1123f;font-weight:bold}"
        ".offpeak .reactor{fill:#cc79a7}.offpeak .ppa{fill:#009e73}.offpeak .solar{fill:#e69f00}"
        ".offpeak .store{fill:#d55e00}.offpeak .grid{fill:#0072b2}.offpeak .other{fill:#8a8a8a}"
        ".offpeak .ink{fill:none;stroke:#ffffff;stroke-width:1.2}"
        "@media (prefers-color-scheme:dark){"
        ".offpeak text{fill:#e7e9ec}.offpeak .quiet{fill:#a9b1bc}.offpeak .ground{fill:#14171b}"
        ".offpeak .rule{stroke:#2a2f36}.offpeak .day{stroke:#5d6672}.offpeak .zero{stroke:#a9b1bc}"
        ".offpeak .frame,.offpeak .box{stroke:#6d7682}"
        ".offpeak .now{stroke:#ff8fab}.offpeak .now-name,.offpeak .late{fill:#ff8fab}"
        ".offpeak .line,.offpeak .edge{stroke:#e7e9ec}.offpeak .carbon{stroke:#5fd6b0}"
        ".offpeak .ran{fill:#dfe4ea;stroke:#dfe4ea}.offpeak .planned{fill:#4a5462;stroke:#dfe4ea}.offpeak "
        ".pause{stroke:#dfe4ea}"
        ".offpeak .deadline{fill:#14171b;stroke:#e7e9ec}.offpeak .missed{fill:#ff8fab;stroke:#ff8fab}"
        ".offpeak .grid{fill:#56b4e9}.offpeak .other{fill:#9a9a9a}.offpeak .ink{stroke:#14171b}}";

/* What is drawn over a supplier's colour, in a square of 8; "": nothing. Agreements, of which there may be several,
 * have more. */
struct fill {
        enum picture_supplier supplier;
        const char *class_name, *id, *fill, *ink;
};

static const struct fill fills[] = {
        { PICTURE_REACTOR, "reactor", "offpeak-reactor", "url(#offpeak-reactor)", "M-2 2L2 -2M-2 10L10 -2M6 10L10 6" },
        { PICTURE_PPA, "ppa", "offpeak-ppa", "url(#offpeak-ppa)", "M0 2H8M0 6H8" },
        { PICTURE_PPA, "ppa", "offpeak-ppa-2", "url(#offpeak-ppa-2)", "M0 2H4M4 6H8" },
        { PICTURE_PPA, "ppa", "offpeak-ppa-3", "url(#offpeak-ppa-3)", "M0 4H8" },
        { PICTURE_PPA, "ppa", "offpeak-ppa-4", "url(#offpeak-ppa-4)", "M2 4H5" },
        { PICTURE_SOLAR, "solar", "offpeak-solar", "url(#offpeak-solar)", "M1 2H3M2 1V3M5 6H7M6 5V7" },
        { PICTURE_STORE, "store", "offpeak-store", "url(#offpeak-store)", "M2 0V8M6 0V8" },
        { PICTURE_GRID, "grid", "offpeak-grid", "url(#offpeak-grid)", "" },
        { PICTURE_OTHER, "other", "offpeak-other", "url(#offpeak-other)", "M0 0L8 8M8 0L0 8" },
};

const char *picture_fill(const struct picture_site *site, unsigned layer)
{
        enum picture_supplier supplier = site->layers[layer].supplier;
        const char *found = "none";
        int skip = 0;

        for (unsigned i = 0; i < layer; i++)
                skip += site->layers[i].supplier == supplier;
        for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
                if (fills[i].supplier != supplier)
                        continue;
                found = fills[i].fill;
                if (skip-- == 0)
                        break;
        }
        return found;
}

static void draw_pattern(struct svg *svg, const struct fill *fill)
{
        svg_open(svg, "pattern");
        svg_attribute(svg, "id", fill->id);
        svg_attribute(svg, "patternUnits", "userSpaceOnUse");
        svg_number(svg, "width", 8);
        svg_number(svg, "height", 8);
        svg_open(svg, "rect");
        svg_attribute(svg, "class", fill->class_name);
        svg_number(svg, "width", 8);
        svg_number(svg, "height", 8);
        svg_close(svg);
        if (*fill->ink != '\0') {
                svg_open(svg, "path");
                svg_attribute(svg, "class", "ink");
                svg_attribute(svg, "d", fill->ink);
                svg_close(svg);
        }
        svg_close(svg);
}

void picture_style(struct svg *svg)
{
        svg_open(svg, "style");
        svg_text(svg, style);
        svg_close(svg);
        svg_open(svg, "defs");
        for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++)
                draw_pattern(svg, &fills[i]);
        svg_close(svg);
}
