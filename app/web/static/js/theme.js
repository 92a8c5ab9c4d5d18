// Puts the theme on before the first paint (the one script that is not deferred). The choice, "light", "dark" or
// "system", is kept in the cookie `theme`, so that the server renders it; "system" follows the device.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light';
    for (const button of document.querySelectorAll('[data-set-theme]')) {
      const its = button.dataset.setTheme;
      button.setAttribute('aria-pressed', String(its === 'toggle' ? root.dataset.bsTheme === 'dark' : its === chosen));
    }
  };
  root.classList.add('js');
  show();
  dark.addEventListener('change', show);
  document.addEventListener('DOMContentLoaded', show);
  document.addEventListener('click', event => {
    const wanted = event.target.closest?.('[data-set-theme]')?.dataset.setTheme;
    if (!wanted) return;
    root.dataset.theme = wanted !== 'toggle' ? wanted : root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    show();
  });
})();
