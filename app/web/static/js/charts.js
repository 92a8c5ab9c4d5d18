// Every chart is drawn from the table beside it, so that both always say the same.
//
// figure[data-chart] holds one table and any number of .plot. A row: <th><time datetime></th> and cells with
// <data value>, an empty value where there is no number. tr[data-gap]: nothing was collected. tr[data-break="A"]:
// from here on the number means something else; the line is cut and flagged.
// th[data-prev]: a comparison; it runs through breaks. tr[data-partial="so far"]: not over yet.
// .plot[data-cols="0 1"][data-looks="c1 prev"]: which columns, and how (c1..c4; prev: dashed). [data-zero]: the scale
// begins at 0. [data-no-x]: without dates. [data-flags]: with the letters of breaks. figure[data-zone]: the time zone
// of moments; without it the rows are days.
(() => {
  const lang = document.documentElement.lang;
  const dates = lang === 'en' ? 'en-GB' : lang;
  const number = (value, options) => new Intl.NumberFormat(lang, options).format(value);
  const drawn = new Set();
  const DAYS = [1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 180, 365].map(days => days * 86400); // rows that are days have no hours
  const COUNTS = Array.from({ length: 15 }, (_, n) => [1, 2, 5].map(k => k * 10 ** n)).flat(); // no 0.2 of a view
  const probe = document.body.appendChild(document.createElement('i'));
  probe.hidden = true;
  const colour = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const stamp = (t, options, zone) =>
    new Intl.DateTimeFormat(dates, { timeZone: zone ?? 'UTC', ...options }).format(t * 1000).replace('.', '');

  function read(table) {
    const points = [...table.tBodies[0].rows].map(row => ({
      t: Date.parse(row.querySelector('time').dateTime) / 1000,
      values: [...row.querySelectorAll('data')].map(cell => (cell.value === '' ? null : Number(cell.value))),
      flag: row.dataset.break,
      gap: row.hasAttribute('data-gap'),
      note: row.dataset.partial,
    }));
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const through = heads.map(cell => 'prev' in cell.dataset);
    const step = points.length > 1 ? points[1].t - points[0].t : 86400;
    const x = [], cols = heads.map(() => []), cuts = [], notes = [];
    points.forEach((point, i) => {
      if (point.flag && i) {
        // a place between two readings where the line is cut
        x.push(point.t - step / 2);
        notes.push(undefined);
        cols.forEach((col, n) => {
          const [a, b] = [points[i - 1].values[n], point.values[n]];
          col.push(through[n] && a != null && b != null ? (a + b) / 2 : null);
        });
        cuts.push({ t: point.t - step / 2, flag: point.flag });
      }
      x.push(point.t);
      notes.push(point.note);
      cols.forEach((col, n) => col.push(point.values[n] ?? null));
    });
    const gaps = [];
    for (const { t, gap } of points) {
      if (!gap) continue;
      if (gaps.length && t - gaps.at(-1)[1] <= step * 1.5) gaps.at(-1)[1] = t;
      else gaps.push([t, t]);
    }
    const labels = heads.map(cell => cell.textContent.trim());
    return { x, cols, cuts, gaps, notes, labels, step };
  }

  const alone = (values, i) => values[i] != null && values[i - 1] == null && values[i + 1] == null;

  class Chart {
    constructor(el, figure) {
      Object.assign(this, { el, figure, zone: figure.dataset.zone });
      this.host = el.parentElement;
      this.tip = this.host.appendChild(Object.assign(document.createElement('div'), { className: 'tip', hidden: true }));
      this.out = this.host.appendChild(
        Object.assign(document.createElement('button'), {
          className: 'btn quiet btn-sm unzoom', type: 'button', hidden: true, textContent: figure.dataset.unzoom ?? '×',
        }),
      );
      this.out.addEventListener('click', () => this.all());
      this.set(read(figure.querySelector('table')));
      this.resize = new ResizeObserver(() => this.plot.setSize({ width: el.clientWidth, height: el.clientHeight }));
      this.resize.observe(el);
    }

    set(data) {
      const { el } = this;
      const seen = JSON.stringify([data, el.dataset]);
      if (seen === this.seen) return;
      this.seen = seen;
      this.data = data;
      this.picks = el.dataset.cols.split(' ').map(Number);
      this.looks = (el.dataset.looks ?? 'c1 prev').split(' ');
      this.tip.hidden = true;
      this.out.hidden = true;
      this.plot?.destroy();
      // The day that is not over: drawn apart and dashed, or it would look like a fall.
      const last = data.x.length - 1;
      const open = (col, n) => this.looks[n] !== 'prev' && data.cols[col][last - 1] != null && data.cols[col][last] != null;
      this.tails = data.notes[last] && 'zero' in el.dataset ? this.picks.filter(open) : [];
      const whole = col => (this.tails.includes(col) ? data.cols[col].with(last, null) : data.cols[col]);
      const tail = col => data.cols[col].map((value, i) => (i < last - 1 ? null : value));
      this.plot = new uPlot(this.options(), [data.x, ...this.picks.map(whole), ...this.tails.map(tail)], el);
    }

    options() {
      const { el, zone, data } = this;
      const axis = { stroke: () => colour('ink-3'), font: '11.5px "Inter Variable"', ticks: { show: false }, gap: 6 };
      const bare = 'noX' in el.dataset;
      return {
        width: el.clientWidth,
        height: el.clientHeight,
        padding: [10, 26, 0, 0],
        legend: { show: false },
        tzDate: t => uPlot.tzDate(new Date(t * 1000), zone ?? 'UTC'),
        hooks: { draw: [() => this.decorate()], setCursor: [() => this.hover()], setScale: [(_, key) => this.zoomed(key)] },
        cursor: { y: false, sync: { key: this.figure.id }, points: { size: 8 }, drag: { x: true, y: false } },
        scales: {
          x: { time: true, range: data.x.length === 1 ? () => [data.x[0] - data.step, data.x[0] + data.step] : undefined },
          y: { range: (_, low, high) => this.span(low, high) },
        },
        axes: [
          { ...axis, size: bare ? 6 : 26, grid: { show: false }, space: 74, incrs: zone ? undefined : DAYS, values: (_, ts) => (bare ? ts.map(() => '') : this.days(ts)) },
          {
            ...axis,
            size: lang === 'ru' ? 66 : 54, // the same for all plots of a figure, so that their days stand in line
            grid: { stroke: () => colour('line'), width: 1 },
            space: 30,
            incrs: COUNTS,
            values: (_, marks) => this.amounts(marks),
          },
        ],
        series: [
          {},
          ...this.picks.map((_, n) => this.series(this.looks[n] ?? 'c1', n)),
          ...this.tails.map(col => {
            const look = this.looks[this.picks.indexOf(col)];
            return { stroke: () => colour(look), width: 2, dash: [3, 4], points: { show: false } };
          }),
        ],
      };
    }

    series(look, n) {
      const points = { show: true, size: 6, fill: () => colour(look === 'prev' ? 'c0' : look), filter: (u, s) => u.data[s].flatMap((_, i) => (alone(u.data[s], i) ? [i] : [])) };
      if (look === 'prev') return { stroke: () => colour('c0'), width: 1.5, dash: [4, 4], points };
      const only = this.looks.filter(l => l !== 'prev').length === 1;
      return { stroke: () => colour(look), width: 2, fill: only && n === 0 ? () => colour('accent-soft') : undefined, points };
    }

    span(low, high) {
      if (low == null) return [0, 1];
      if ('zero' in this.el.dataset) return [0, (high || 1) * 1.08];
      const room = high - low || Math.max(Math.abs(high) * 0.02, 2);
      return [low - room * 0.1, high + room * 0.12];
    }

    days(ts) {
      const hours = ts.length > 1 && ts[1] - ts[0] < 86400;
      return ts.map((t, i) => {
        const day = stamp(t, { day: 'numeric', month: 'short' }, this.zone);
        if (!hours) return day;
        const clock = stamp(t, { hour: '2-digit', minute: '2-digit' }, this.zone);
        return i === 0 || stamp(ts[i - 1], { day: 'numeric' }, this.zone) !== stamp(t, { day: 'numeric' }, this.zone) ? day : clock;
      });
    }

    amounts(marks) {
      const span = marks.at(-1) - marks[0];
      const digits = span < marks[0] * 0.05 ? 2 : 1;
      const short = marks.map(n => (n === 0 ? '0' : number(n, { notation: 'compact', maximumFractionDigits: digits })));
      return new Set(short).size === short.length ? short : marks.map(n => number(n, { maximumFractionDigits: 2 }));
    }

    decorate() {
      const { plot: u = null, data, el } = this;
      if (!u) return;
      const { ctx, bbox } = u, ratio = devicePixelRatio;
      for (const [from, to] of data.gaps) {
        const clampX = t => Math.min(Math.max(u.valToPos(t, 'x', true), bbox.left), bbox.left + bbox.width);
        const left = clampX(from - data.step), right = clampX(to + data.step);
        ctx.save();
        ctx.beginPath();
        ctx.rect(left, bbox.top, right - left, bbox.height);
        ctx.clip();
        ctx.strokeStyle = colour('c0');
        ctx.globalAlpha = 0.45;
        ctx.lineWidth = ratio;
        for (let p = left - bbox.height; p < right; p += 6 * ratio) {
          ctx.beginPath();
          ctx.moveTo(p, bbox.top + bbox.height);
          ctx.lineTo(p + bbox.height, bbox.top);
          ctx.stroke();
        }
        ctx.restore();
      }
      for (const { t, flag } of data.cuts) {
        const p = Math.round(u.valToPos(t, 'x', true)), size = 17 * ratio;
        if (p < bbox.left || p > bbox.left + bbox.width) continue;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = colour('warn');
        ctx.lineWidth = 1.5 * ratio;
        ctx.setLineDash([3 * ratio, 3 * ratio]);
        ctx.beginPath();
        ctx.moveTo(p, bbox.top);
        ctx.lineTo(p, bbox.top + bbox.height);
        ctx.stroke();
        if ('flags' in el.dataset) {
          ctx.beginPath();
          ctx.roundRect(p - size / 2, bbox.top - size / 2, size, size, 4 * ratio);
          ctx.fill();
          ctx.fillStyle = colour('surface');
          ctx.font = `700 ${10.5 * ratio}px "Inter Variable"`;
          ctx.textAlign = 'center';
          ctx.textBaseline = 'middle';
          ctx.fillText(flag, p, bbox.top + ratio);
        }
        ctx.restore();
      }
    }

    hover() {
      const { plot: u, tip, el, data } = this;
      if (!u) return;
      const i = u.cursor.idx;
      const known = i == null || u.cursor.left < 0 ? [] : this.picks.map((col, n) => [n, col, data.cols[col][i]]).filter(k => k[2] != null);
      tip.hidden = !known.length;
      if (tip.hidden) return;
      const many = this.looks.filter(look => look !== 'prev').length > 1;
      const lines = known.map(([n, col, value]) =>
        this.looks[n] === 'prev' && !many
          ? Object.assign(document.createElement('span'), { textContent: ` · ${data.labels[col]} ${number(value)}` })
          : Object.assign(document.createElement('b'), { textContent: many ? `${data.labels[col]} ${number(value)}` : number(value) }),
      );
      const when = this.zone
        ? stamp(data.x[i], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }, this.zone)
        : stamp(data.x[i], { weekday: 'short', day: 'numeric', month: 'short' });
      const bold = lines.filter(line => line.tagName === 'B'), rest = lines.filter(line => line.tagName !== 'B');
      tip.replaceChildren(...bold, data.notes[i] ? `${when}, ${data.notes[i]}` : when, ...rest);
      const x = u.cursor.left + u.over.offsetLeft;
      const flip = x + tip.offsetWidth + 24 > this.host.clientWidth;
      tip.style.transform = `translate(${Math.max(0, flip ? x - tip.offsetWidth - 12 : x + 12)}px, ${el.offsetTop + 10}px)`;
    }

    zoomed(key) {
      const { plot: u, data } = this;
      if (!u || key !== 'x' || data.x.length < 2) return;
      const { min, max } = u.scales.x;
      this.out.hidden = min <= data.x[0] && max >= data.x.at(-1);
      for (const other of drawn) {
        const its = other.plot?.scales.x;
        if (other !== this && other.figure === this.figure && its && (its.min !== min || its.max !== max)) other.plot.setScale('x', { min, max });
      }
    }

    all() {
      this.plot.setScale('x', { min: this.data.x[0], max: this.data.x.at(-1) });
    }

    destroy() {
      this.resize.disconnect();
      this.plot.destroy();
      this.tip.remove();
      this.out.remove();
    }
  }

  function scan() {
    for (const chart of drawn) {
      if (chart.el.isConnected) continue;
      chart.destroy();
      drawn.delete(chart);
    }
    for (const figure of document.querySelectorAll('figure[data-chart]')) {
      const table = figure.querySelector('table');
      if (!table?.tBodies[0]?.rows.length) continue;
      for (const el of figure.querySelectorAll('.plot')) {
        const known = [...drawn].find(chart => chart.el === el);
        if (known) known.set(read(table));
        else drawn.add(new Chart(el, figure));
      }
    }
  }

  const redraw = () => drawn.forEach(chart => chart.plot.redraw());
  document.fonts.load('12px "Inter Variable"').finally(() => {
    scan();
    document.addEventListener('htmx:load', scan);
    document.addEventListener('live:morph', scan);
  });
  addEventListener('beforeprint', redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
})();
