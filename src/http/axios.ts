import type * as axiosModule from 'axios';
import bundle from 'axios/dist/node/axios.cjs';

/**
 * The only import of axios, so that its next major version concerns one file.
 *
 * What runs is the one file that axios has for CommonJS. To load its 66 modules takes a tenth of the time to the first
 * response of a process.
 */
const axios: typeof axiosModule = bundle;

export type {
  AxiosBasicCredentials,
  AxiosProgressEvent,
  AxiosProxyConfig,
  AxiosRequestConfig,
  AxiosResponse,
  FormSerializerOptions,
  InternalAxiosRequestConfig,
} from 'axios';

/** axios's class of clients. */
export const Axios: typeof axiosModule.Axios = axios.Axios;
export type Axios = axiosModule.Axios;
/** axios's class of header fields. */
export const AxiosHeaders: typeof axiosModule.AxiosHeaders = axios.AxiosHeaders;
export type AxiosHeaders = axiosModule.AxiosHeaders;
/** Writes an object as a form. */
export const toFormData: typeof axiosModule.toFormData = axios.toFormData;
