import { createApp } from 'vue';
import App from './App.vue';
import { applyPreferences } from './state/preferences';
import './state/arrivals';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';

applyPreferences();
createApp(App).mount('#app');
