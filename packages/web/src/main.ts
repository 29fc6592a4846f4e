import { createApp } from 'vue';
import App from './App.vue';
import { language } from './words';
import './style.css';

document.documentElement.lang = language;
createApp(App).mount('#app');
