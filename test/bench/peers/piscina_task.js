export default n => n;
