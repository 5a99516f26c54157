/** The only import of axios, so that its next major version concerns one file. */
export {
  Axios,
  type AxiosBasicCredentials,
  AxiosHeaders,
  type AxiosProgressEvent,
  type AxiosProxyConfig,
  type AxiosRequestConfig,
  type AxiosResponse,
  type FormSerializerOptions,
  type InternalAxiosRequestConfig,
  toFormData,
} from 'axios';
