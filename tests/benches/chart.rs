//! The figures as a drawing (SVG): how much of what is allowed each takes, and how costs grow.

use std::fmt::Write as _;

use crate::Outcome;
use crate::figures::{Figures, PROMISED, Store, shown};
use crate::growth::{Along, CPU, Point, RATE};

/// The drawing's width.
const WIDTH: f64 = 960.0;

/// Where bars begin, and how wide they can be.
const LEFT: f64 = 430.0;
const BARS: f64 = 410.0;

/// The height of a figure's row, and of a store's bar in it.
const ROW: f64 = 34.0;
const BAR: f64 = 11.0;

/// Above the first row, and between the bars and the curves.
const TOP: f64 = 96.0;
const BETWEEN: f64 = 70.0;

/// A curve's frame.
const CURVE: (f64, f64) = (230.0, 170.0);

/// The share of what is allowed at the left and the right end of the bars, as powers of ten.
const SHARES: (f64, f64) = (-2.0, 1.0);

/// Both stores, each with its class of colours; the text says which has which mark.
const STORES: [(Store, &str); 2] = [(Store::Sqlite, "a"), (Store::Postgres, "b")];

/// Light or dark as the reader's system is.
const STYLE: &str = "svg{color-scheme:light dark;font:13px system-ui,sans-serif;--ground:#fff;--ink:#1b1f24;--faint:#656d76;--line:#d0d7de;--a:#0a5fb4;--b:#b35900}
@media(prefers-color-scheme:dark){svg{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#3d444d;--a:#6cb6ff;--b:#f0a050}}
.ground{fill:var(--ground)}text{fill:var(--ink)}.faint{fill:var(--faint);font-size:11px}.head{font-size:17px;font-weight:600}.sub{font-weight:600}
.line{stroke:var(--line);fill:none}.must{stroke:var(--ink);stroke-dasharray:4 3}.a{fill:var(--a);stroke:var(--a)}.b{fill:var(--b);stroke:var(--b)}
.b.bar{fill-opacity:.45}.curve{fill:none;stroke-width:2}.b.curve{stroke-dasharray:6 3}text.a,text.b{stroke:none}.end{text-anchor:end}.mid{text-anchor:middle}";

/// Draws.
pub(crate) fn svg(figures: &Figures) -> Outcome<String> {
    let rows: Vec<_> = PROMISED.into_iter().filter_map(Row::of).collect();
    let curves = TOP + ROW * f64::from(u32::try_from(rows.len())?) + BETWEEN;
    let height = curves + CURVE.1 + 70.0;
    let mut text = String::new();
    writeln!(
        text,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title desc">
<title id="title">What a disclosure costs</title>
<desc id="desc">{}</desc>
<style>{STYLE}</style>
<rect class="ground" width="{WIDTH}" height="{height}"/>
<text class="head" x="24" y="34">What a disclosure costs: share of what is allowed</text>"#,
        description(figures, &rows)
    )?;
    legend(&mut text)?;
    axis(&mut text, curves - BETWEEN)?;
    for (number, row) in (0_u32..).zip(&rows) {
        bars(&mut text, figures, row, TOP + ROW * f64::from(number))?;
    }
    for (number, (along, key, name)) in (0_u32..).zip(CURVES) {
        let points: Vec<_> = figures.points().iter().filter(|point| point.along == along && point.value(key).is_some()).collect();
        curve(&mut text, &points, key, name, (50.0 + 310.0 * f64::from(number), curves))?;
    }
    text.push_str("</svg>\n");
    Ok(text)
}

/// What is drawn of how costs grow.
const CURVES: [(Along, &str, &str); 3] = [
    (Along::Entries, CPU, "CPU of a disclosure, µs"),
    (Along::Connections, RATE, "disclosures per second"),
    (Along::Sources, CPU, "CPU of a disclosure, µs"),
];

/// A figure with what is asked of it.
struct Row {
    key: &'static str,
    name: &'static str,
    must: f64,
    at_most: bool,
    asked: &'static str,
}

impl Row {
    fn of((key, name, asked, _): (&'static str, &'static str, &'static str, &'static str)) -> Option<Self> {
        let (sign, number) = asked.split_once(' ')?;
        Some(Self { key, name, must: number.parse().ok()?, at_most: sign == "≤", asked })
    }

    /// PostgreSQL's own is lower where a commit goes to another process.
    fn must_on(&self, store: Store) -> f64 {
        if self.key == RATE && store == Store::Postgres { 400.0 } else { self.must }
    }

    /// How much of what is allowed is taken: 1 is just allowed, whichever way the figure counts.
    fn share(&self, store: Store, value: f64) -> f64 {
        if self.at_most { value / self.must_on(store) } else { self.must_on(store) / value }
    }
}

fn description(figures: &Figures, rows: &[Row]) -> String {
    let mut text =
        String::from("Bars: each figure as a share of what is allowed, on a logarithmic scale; left of the line it is met.");
    for row in rows {
        for (store, _) in STORES {
            let value = figures.value_on(store, row.key).map_or_else(|| "later".to_owned(), shown);
            write!(text, " {}, {}: {value} ({}).", escaped(row.name), store.name(), row.asked).ok();
        }
    }
    text
}

fn legend(text: &mut String) -> Outcome<()> {
    for (number, (store, class)) in (0_u32..).zip(STORES) {
        let x = 24.0 + 130.0 * f64::from(number);
        mark(text, class, (x + 5.0, 56.0))?;
        writeln!(text, r#"<text class="{class}" x="{}" y="60">{}</text>"#, x + 16.0, store.name())?;
    }
    Ok(())
}

/// A disc or a square: who sees no colours tells them apart too.
fn mark(text: &mut String, class: &str, (x, y): (f64, f64)) -> Outcome<()> {
    if class == "a" {
        writeln!(text, r#"<circle class="a" cx="{x:.1}" cy="{y:.1}" r="4"/>"#)?;
    } else {
        writeln!(text, r#"<rect class="b" x="{:.1}" y="{:.1}" width="8" height="8"/>"#, x - 4.0, y - 4.0)?;
    }
    Ok(())
}

/// Where a share stands between the ends of the bars.
fn across(share: f64) -> f64 {
    let (least, most) = SHARES;
    LEFT + BARS * ((share.max(1e-9).log10() - least) / (most - least)).clamp(0.0, 1.0)
}

fn axis(text: &mut String, bottom: f64) -> Outcome<()> {
    for (share, name) in [(0.01, "1 %"), (0.1, "10 %"), (1.0, "allowed"), (10.0, "10 ×")] {
        let (x, class) = (across(share), if name == "allowed" { "must" } else { "line" });
        writeln!(text, r#"<path class="{class}" d="M{x:.1} {} V{bottom:.1}"/>"#, TOP - 8.0)?;
        writeln!(text, r#"<text class="faint mid" x="{x:.1}" y="{}">{name}</text>"#, TOP - 14.0)?;
    }
    Ok(())
}

fn bars(text: &mut String, figures: &Figures, row: &Row, y: f64) -> Outcome<()> {
    let (name, _) = row.name.split_once(" (").unwrap_or((row.name, ""));
    writeln!(text, r#"<text class="end" x="{}" y="{}">{}</text>"#, LEFT - 10.0, y + 10.0, escaped(name))?;
    writeln!(text, r#"<text class="faint end" x="{}" y="{}">must be {}</text>"#, LEFT - 10.0, y + 24.0, row.asked)?;
    for (number, (store, class)) in (0_u32..).zip(STORES) {
        let top = y + (BAR + 2.0) * f64::from(number);
        let Some(value) = figures.value_on(store, row.key) else {
            writeln!(text, r#"<text class="faint" x="{}" y="{}">later</text>"#, LEFT + 6.0, top + 9.0)?;
            continue;
        };
        let end = across(row.share(store, value)).max(LEFT + 1.0);
        writeln!(text, r#"<rect class="{class} bar" x="{LEFT}" y="{top:.1}" width="{:.1}" height="{BAR}"/>"#, end - LEFT)?;
        mark(text, class, (end, top + BAR / 2.0))?;
        let missed = if row.share(store, value) > 1.0 { " – missed" } else { "" };
        writeln!(
            text,
            r#"<text class="{class}" x="{:.1}" y="{:.1}" font-size="11">{}{missed}</text>"#,
            end + 9.0,
            top + 10.0,
            shown(value)
        )?;
    }
    Ok(())
}

/// A small one: the numbers along the bottom stand evenly, as each is many times the one before.
fn curve(text: &mut String, points: &[&Point], key: &str, name: &str, (x, y): (f64, f64)) -> Outcome<()> {
    let (width, height) = CURVE;
    if points.is_empty() {
        writeln!(text, r#"<text class="sub" x="{x}" y="{}">{name}: later</text>"#, y - 14.0)?;
        return Ok(());
    }
    let along = points.first().map_or("", |point| point.along.name());
    writeln!(text, r#"<text class="sub" x="{x}" y="{}">{name}</text>"#, y - 14.0)?;
    writeln!(text, r#"<path class="line" d="M{x} {y} v{height} h{width}"/>"#)?;
    writeln!(text, r#"<text class="faint mid" x="{}" y="{}">{along}</text>"#, x + width / 2.0, y + height + 36.0)?;
    let most = points.iter().filter_map(|point| point.value(key)).fold(0.0, f64::max).max(1e-9);
    writeln!(text, r#"<text class="faint end" x="{}" y="{}">{}</text>"#, x - 5.0, y + 8.0, shown(most))?;
    writeln!(text, r#"<text class="faint end" x="{}" y="{}">0</text>"#, x - 5.0, y + height)?;
    for (store, class) in STORES {
        let of: Vec<_> = points.iter().filter(|point| point.store == store).collect();
        let steps = f64::from(u32::try_from(of.len().saturating_sub(1).max(1))?);
        let mut path = String::new();
        for (number, point) in (0_u32..).zip(&of) {
            let value = point.value(key).unwrap_or_default();
            let at = (x + 14.0 + (width - 34.0) * f64::from(number) / steps, y + height * (1.0 - value / most * 0.96));
            write!(path, "{}{:.1} {:.1}", if number == 0 { 'M' } else { 'L' }, at.0, at.1)?;
            mark(text, class, at)?;
            if class == "a" || !points.iter().any(|point| point.store == Store::Sqlite) {
                writeln!(
                    text,
                    r#"<text class="faint mid" x="{:.1}" y="{}">{}</text>"#,
                    at.0,
                    y + height + 18.0,
                    brief(point.at)
                )?;
            }
        }
        writeln!(text, r#"<path class="{class} curve" d="{path}"/>"#)?;
    }
    Ok(())
}

/// A large number, briefly.
fn brief(number: f64) -> String {
    match number {
        millions if millions >= 995_000.0 => format!("{:.1} M", millions / 1e6),
        thousands if thousands >= 1000.0 => format!("{:.0} k", thousands / 1e3),
        few => format!("{few}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
